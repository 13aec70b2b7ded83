/** The rig that judges a deployment, judged itself: it must see what it is there to see. */
import { describe, expect, test } from "vitest";
import { beaconProblems } from "./beacon.ts";
import { partitionClients, partitionOf } from "./clients.ts";
import { compareLedgers } from "./ledgers.ts";
import { buildRequest } from "./load.ts";
import { Progress, spread } from "./progress.ts";
import { SpanLedger } from "./span-ledger.ts";
import { openTally } from "./tally.ts";

test("every partition has two clients, and no service instance two", () => {
  const clients = partitionClients(6);
  const instances = clients.flatMap((client) => client.instances);
  expect(new Set(instances).size).toBe(instances.length);
  expect(clients.map((client) => [...new Set(client.instances.map((one) => partitionOf(one, 6)))])).toEqual(
    [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5].map((partition) => [partition]),
  );
});

describe("progress", () => {
  const road = { exporter: "a", signal: "logs", partition: 1 } as const;

  test("is the longest time between two deliveries, ends included", () => {
    const progress = new Progress();
    for (const at of [90, 110, 140, 250]) progress.note(road, at);
    expect(progress.stops(100, 300)).toEqual([{ road, ms: 110 }]);
    expect(progress.stops(100, 500)).toEqual([{ road, ms: 250 }]);
    progress.forget(200);
    expect(progress.stops(100, 300)).toEqual([{ road, ms: 150 }]);
  });

  test("is told by its middle and its worst", () => {
    expect([spread([]), spread([3, 1, 2])]).toEqual(["none", "p50 2, max 3 ms (3)"]);
  });
});

describe("the beacon", () => {
  const labels = (alertname: string, group = "") => ({ alertname, group });
  const told = (alert: string, at: number, startsAt: number, endsAt: number) => ({
    ...{ at, startsAt, endsAt },
    labels: labels(alert, "BeaconOne"),
  });
  const seen = told("BeaconOne", 20, 10, 99);

  test("may be gone before it was seen, and fire as often as it likes", () => {
    expect(beaconProblems([told("BeaconGone", 5, 5, 60), seen, told("BeaconOne", 30, 10, 99)])).toEqual([]);
  });

  test.each([
    ["a resolve", told("BeaconOne", 40, 10, 35), "BeaconOne was resolved with the end 35"],
    ["a new beginning", told("BeaconOne", 40, 30, 99), "BeaconOne fired anew at 30, after 10"],
    ["an absence", told("BeaconGone", 40, 30, 99), "BeaconGone of BeaconOne fired at 30"],
  ])("must not be said to end: %s", (_name, said, problem) => {
    expect(beaconProblems([seen, said, said])).toEqual([problem]);
  });
});

test("what stands in the log twice is no exporter's doing", () => {
  const tally = openTally(["a"]);
  tally.sent("logs h 0:1:0:0");
  for (let times = 0; times < 3; times++) tally.delivered("a", "logs h 0:1:0:0");
  const counted = new Map([["a", 1]]);
  expect(compareLedgers(tally.findings(), counted)).toEqual(["a delivered 2 items again and counted 1 as redelivered"]);
  expect(compareLedgers(tally.findings(), counted, 1)).toEqual([]);
});

describe("the ledger of spans", () => {
  const request = (first: number, instance: number) => buildRequest("traces", 0, first, 2, instance);
  const ledgerOf = (...firsts: readonly number[]) => {
    const ledger = new SpanLedger();
    for (const first of firsts) {
      ledger.sent(3, first, 2);
      ledger.acked(first);
    }
    return ledger;
  };

  test("is content when everything came in order, perhaps more than once", () => {
    const ledger = ledgerOf(0, 2);
    for (const first of [0, 2, 2]) expect([...ledger.delivered("a", request(first, 3))]).toEqual([3]);
    expect(ledger.findings()).toEqual({ acked: 4, delivered: 4, repeated: 2, problems: [] });
  });

  test("sees what is missing, strange or out of order", () => {
    const ledger = ledgerOf(0, 2, 4);
    for (const first of [4, 2, 8]) ledger.delivered("a", request(first, 3));
    expect(ledger.findings().problems).toEqual([
      "2 acknowledged spans were not delivered",
      "2 spans were delivered that nobody sent",
      "a delivered the traces of instance 3 out of order: 0:2 came after 0:4",
    ]);
  });
});
