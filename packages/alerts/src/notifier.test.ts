import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { silentLog, systemClock } from "@rondo/core";
import { createRegistry } from "@rondo/monitor";
import { expect, test } from "vitest";
import { createNotifier } from "./notifier.ts";

test("every Alertmanager is told, and one that is away holds back no other", async () => {
  let bodies = 0;
  const server = createServer((request, response) => {
    bodies++;
    request.resume().on("end", () => response.end());
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  // An address of a server that listens on a port.
  const { port } = server.address() as AddressInfo;
  const registry = createRegistry();
  const notifier = createNotifier({
    alertmanagers: ["http://127.0.0.1:1", `http://127.0.0.1:${port}`].map((url) => ({ url, timeoutMs: 1_000 })),
    clock: systemClock,
    log: silentLog,
    registry,
  });
  const posted = { labels: { alertname: "A" }, annotations: {}, startsAt: "", endsAt: "", generatorURL: "" };
  const standing = { speaks: async () => true, confirmsResolved: async () => true };
  notifier.tell([{ key: "A", posted, resolved: false, standing }]);
  await notifier.close();
  server.close();
  expect(bodies).toBe(1);
  const counted = registry
    .snapshot()
    .filter(({ name, value }) => name === "rondo_notifications_total" && value > 0)
    .map(({ labels, value }) => [labels.get("alertmanager"), labels.get("outcome"), value]);
  expect(counted).toEqual([
    ["127.0.0.1:1", "failed", 1],
    [`127.0.0.1:${port}`, "sent", 1],
  ]);
});
