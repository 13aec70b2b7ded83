/**
 * The account, from Rondo's own metrics: both kinds of row balance, they say what the sink says, and a restart, orderly or not,
 * changes nothing. `rondo ledger` reads the same from the log.
 */
import { setTimeout as pause } from "node:timers/promises";
import { SIGNALS, type Signal } from "@rondo/otlp";
import { expect, test } from "vitest";
import { checkAccount, isDrained, totalsOf } from "../chaos/account.ts";
import { type Sample, sumOf } from "../rig/metrics-page.ts";
import {
  DEBUG_EXPORTER,
  GRPC_EXPORTER,
  HTTP_EXPORTER,
  nothingSent,
  openRoad,
  type Road,
  type Sent,
  sendRequests,
} from "./road.ts";
import { type Ended, runRondo } from "./run-rondo.ts";

const EXPORTERS = [GRPC_EXPORTER, HTTP_EXPORTER, DEBUG_EXPORTER];

/** The metrics once nothing is on its way any more: two looks, further apart than their age, that say the same. */
async function restingMetrics(road: Road): Promise<readonly Sample[]> {
  const deadline = performance.now() + 20_000;
  for (let last = ""; ; ) {
    const samples = await road.rondo.metrics();
    const totals = isDrained(samples) ? totalsOf(samples) : "";
    if (totals !== "" && totals === last) return samples;
    expect(performance.now(), "the road does not come to rest").toBeLessThan(deadline);
    last = totals;
    await pause(300);
  }
}

/** How many different items each exporter's destination holds, by signal. */
async function atTheSink(road: Road): Promise<ReadonlyMap<string, Record<Signal, number>>> {
  const counts = new Map<string, Record<Signal, number>>();
  for (const exporter of EXPORTERS) {
    const count = { traces: 0, metrics: 0, logs: 0 };
    for (const signal of SIGNALS) count[signal] = (await road.held(exporter, signal)).length;
    counts.set(exporter, count);
  }
  return counts;
}

/** Holds the running process to its account and to the sink. Answers what entered, so that a caller knows it was something. */
async function expectBalance(road: Road, said: Sent): Promise<void> {
  const samples = await restingMetrics(road);
  const sink = await atTheSink(road);
  expect(checkAccount(samples, sink)).toEqual([]);
  for (const signal of SIGNALS) {
    const acked = said.acked.count(signal).ids;
    const entered = sumOf(samples, "rondo_items_entered_total", { signal, pipeline: signal, component: "" });
    expect(entered, `entered of ${signal}`).toBeGreaterThanOrEqual(acked);
    expect(entered, `entered of ${signal}`).toBeLessThanOrEqual(said.sent.count(signal).ids);
    for (const exporter of EXPORTERS) expect(sink.get(exporter)?.[signal], `${exporter}, ${signal}`).toBe(entered);
  }
}

const ledger = ({ rondo }: Road): Promise<Ended> =>
  runRondo(["ledger", "--config", rondo.config, "--data", rondo.data]);

/** What `rondo ledger` prints below its receivers for items that all went out, once, through every exporter. */
async function expectLedger(road: Road): Promise<void> {
  const { code, out, err } = await ledger(road);
  const lines = out.trimEnd().split("\n");
  const rows = lines.slice(lines.indexOf("") + 1).map((line) => line.split(/ {2,}/));
  const delivered = await atTheSink(road);
  const expected = SIGNALS.flatMap((signal) => {
    const items = String(delivered.get(DEBUG_EXPORTER)?.[signal]);
    return [
      [signal, "–", "default", items, "0", items, "0", "0"],
      ...EXPORTERS.map((exporter) => [signal, exporter, "default", items, "0", items, "0", "0", expect.anything()]),
    ];
  });
  expect(rows[0]?.slice(0, 4)).toEqual(["pipeline", "exporter", "tenant", "entered"]);
  expect(rows.slice(1, -1)).toEqual(expected);
  expect(rows.at(-1)).toEqual(["the account balances"]);
  expect([code, err]).toEqual([0, ""]);
}

test("balances at the end of a run, over an orderly restart and over a kill -9, as metrics and as a ledger", async () => {
  const road = await openRoad();
  await road.startSink();
  const said = nothingSent();
  const runAndCheck = async (total: "exact" | "at most") => {
    road.rondo.launch();
    await road.rondo.ready();
    await sendRequests(road.ports, 30, said);
    await expectBalance(road, said);
    const accepted = sumOf(await road.rondo.metrics(), "rondo_items_accepted_total");
    const acked = SIGNALS.reduce((sum, signal) => sum + said.acked.count(signal).ids, 0);
    // What a gateway accepted in its last second before a kill it may not have written down.
    if (total === "exact") expect(accepted).toBe(acked);
    else expect(accepted).toBeLessThanOrEqual(acked);
    // Beside the process that has the directory.
    await expectLedger(road);
  };

  await runAndCheck("exact");
  expect(await road.rondo.stop()).toBe(0);
  await expectLedger(road);

  await runAndCheck("exact");
  // Under load, with requests unanswered and records unsettled.
  let killed = false;
  const load = Promise.all([0, 1, 2, 3].map(() => sendRequests(road.ports, 40, said, () => killed)));
  await pause(300);
  await road.rondo.kill();
  killed = true;
  await load;
  expect(said.refusals.length, "the kill met the load").toBeGreaterThan(0);

  await runAndCheck("at most");
  expect(await road.differences(said.acked, { maybe: said.sent, repeats: "allowed" })).toEqual([]);
  expect(await road.rondo.stop()).toBe(0);
  await expectLedger(road);
});

test("what is on its way is in flight or lag, and still adds up", async () => {
  const road = await openRoad();
  const sink = await road.startSink();
  await sink.client.behave({ mode: "hang" }, HTTP_EXPORTER);
  road.rondo.launch();
  await road.rondo.ready();
  const said = await sendRequests(road.ports, 30);
  expect(await road.differences(said.acked, { exporters: [GRPC_EXPORTER, DEBUG_EXPORTER] })).toEqual([]);
  await pause(400);
  const samples = await road.rondo.metrics();
  for (const signal of SIGNALS) {
    const of = (kind: string, component: string) =>
      sumOf(samples, `rondo_items_${kind}`, { signal, pipeline: signal, component });
    expect(of("delivered_total", HTTP_EXPORTER)).toBe(0);
    expect(of("in_flight", HTTP_EXPORTER)).toBe(of("entered_total", HTTP_EXPORTER));
    expect(of("in_flight", HTTP_EXPORTER)).toBeGreaterThan(0);
    expect(of("delivered_total", GRPC_EXPORTER)).toBe(said.acked.count(signal).ids);
  }
  const during = await ledger(road);
  expect(during.code).toBe(0);
  expect(during.out).toMatch(/^rondo\.\S+: \d+ records not committed yet \(\d+ items, the oldest \d+ s old\)$/m);
  await sink.client.behave({ mode: "ok" });
  expect(await road.differences(said.acked)).toEqual([]);
  await expectBalance(road, said);
});
