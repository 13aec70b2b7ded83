/** The Alertmanager of the rig: what tests against it lean on. */
import { expect } from "vitest";
import { needs } from "../needs.ts";
import { startRecordingProxy } from "../rig/recording-proxy.ts";
import { startAlertmanager } from "../rig/servers/index.ts";

needs("alertmanager")(
  "Alertmanager takes an alert through the proxy, tells it, and forgets it when it ends",
  async () => {
    const server = await startAlertmanager();
    const proxy = await startRecordingProxy({ target: server.port });
    try {
      const post = async (more: object) => {
        const alert = {
          labels: { alertname: "NoRounds", job_id: "job-1" },
          annotations: { summary: "stuck" },
          ...more,
        };
        const headers = { "content-type": "application/json" };
        const body = JSON.stringify([alert]);
        return (await fetch(`${proxy.url}/api/v2/alerts`, { method: "POST", headers, body })).status;
      };
      const startsAt = new Date(Date.now() - 60_000).toISOString();
      expect(await post({ startsAt })).toBe(200);
      await expect.poll(() => server.alerts()).toMatchObject([{ labels: { alertname: "NoRounds" }, startsAt }]);
      await post({ startsAt, endsAt: new Date(Date.now() - 1000).toISOString() });
      await expect.poll(() => server.alerts()).toEqual([]);
      expect(proxy.posts.map(({ path, status }) => [path, status])).toEqual([
        ["/api/v2/alerts", 200],
        ["/api/v2/alerts", 200],
      ]);
    } finally {
      await proxy.close();
      await server.close();
    }
  },
);
