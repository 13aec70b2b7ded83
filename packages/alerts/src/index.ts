/** The alert worker: Prometheus rules evaluated from the windows, and Alertmanager told of it. */
export {};
