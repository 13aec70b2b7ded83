import { expect, test } from "vitest";
import { chance } from "./chance.ts";
import { MINUTE } from "./event-time.ts";
import { outageClients } from "./outage-clients.ts";
import { DURATION_MS, THROUGHOUT } from "./outage-plot.ts";
import { ROUND_ENDS, roundsUntil } from "./outage-rounds.ts";
import { serverSenders } from "./outage-servers.ts";

const sources = serverSenders(outageClients(chance(1)), chance(1)).flatMap((sender) => sender.sources);

/** What a metric says at some minutes. */
function said(instance: string, name: string, minutes: readonly number[], attributes = {}) {
  const metrics = sources.filter((one) => one.instance === instance).flatMap((one) => one.metrics);
  const metric = metrics.find(
    (one) =>
      one.prometheus === name && Object.entries(attributes).every(([key, value]) => one.attributes[key] === value),
  );
  return minutes.map((minute) => metric?.value(minute * MINUTE, THROUGHOUT));
}

test("the server counts the clients that are there", () => {
  expect(said("fl-server-0", "fl_clients_connected", [0, 19.9, 20, 49.9, 50])).toEqual([100, 100, 40, 40, 100]);
  expect(said("fl-server-0", "fl_clients_expected", [0, 30])).toEqual([100, 100]);
});

test("the burst is one error a second for twelve minutes, in a series that did not exist before", () => {
  const burst = said("fl-backend-0", "http_requests_total", [9, 10, 11, 22, 90], { status: "503" });
  expect(burst).toEqual([undefined, undefined, 60, 720, 720]);
});

test("rounds of one job pause for 70 minutes, those of the other never", () => {
  expect(said("fl-server-0", "training_round_completed_total", [1, 2, 14, 83, 84], { job_id: "job-1" })).toEqual([
    undefined,
    1,
    7,
    7,
    8,
  ]);
  const gaps = ROUND_ENDS["job-2"].map((end, index, all) => end - (all[index - 1] ?? 0));
  expect(new Set(gaps)).toEqual(new Set([90_000]));
  expect(roundsUntil("job-2", DURATION_MS)).toHaveLength(60);
});

test("a service is down only for whoever probes it", () => {
  expect(said("fl-gateway-0", "up", [34, 35, 44, 45])).toEqual([1, 0, 0, 1]);
  expect(said("fl-backend-1", "up", [35])).toEqual([1]);
});

test("a host is busy by its CPU, then by its memory; the others are at their ease", () => {
  const busy = (host: string, what: string) =>
    said(host, what, [40, 55, 63, 70, 75]).map((value) => Number(value) > 90);
  expect(busy("host-02", "cpu_usage_percent")).toEqual([false, true, true, false, false]);
  expect(busy("host-02", "memory_usage_percent")).toEqual([false, false, true, true, false]);
  expect(busy("host-01", "cpu_usage_percent")).toEqual(Array(5).fill(false));
});

test("connections are above 80 % of those available for a quarter of an hour", () => {
  const used = said("mongodb-0", "mongodb_connections_current", [59, 60, 74, 75]).map((value) => Number(value) > 400);
  expect(used).toEqual([false, true, true, false]);
});
