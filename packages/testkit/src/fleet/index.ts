/** Fleets that do not exist: scenarios as recordings, with the truth about them. */
export * from "./event-time.ts";
export type { FleetRequest } from "./fleet-request.ts";
export { type Outage, type OutageOptions, outage } from "./outage.ts";
export type { PlainLabels, PlainSeries } from "./plain-series.ts";
export type { AlertState, Evaluation, Transition } from "./transitions.ts";
export { type Episode, EVERY_MINUTE, type Truth } from "./truth.ts";
