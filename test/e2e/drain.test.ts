/** An orderly end: what was acknowledged goes out, once, and what cannot go out is named and waits for the next start. */
import { setTimeout as pause } from "node:timers/promises";
import { SIGNALS } from "@rondo/otlp";
import { expect, test } from "vitest";
import { DEBUG_EXPORTER, GRPC_EXPORTER, HTTP_EXPORTER, nothingSent, openRoad, sendRequests } from "./road.ts";
import { logLines } from "./run-rondo.ts";

const CLIENTS = 6;

test("SIGTERM under load: exit 0, everything acknowledged delivered, nothing twice", async () => {
  const road = await openRoad();
  await road.startSink();
  road.rondo.launch();
  await road.rondo.ready();
  const said = nothingSent();
  let stopping = false;
  const load = Array.from({ length: CLIENTS }, () =>
    sendRequests(road.ports, 1000, said, () => stopping && said.refusals.length > 0),
  );
  await pause(600);
  stopping = true;
  expect(await road.rondo.stop()).toBe(0);
  await Promise.all(load);
  for (const signal of SIGNALS) expect(said.acked.count(signal).ids, signal).toBeGreaterThan(12);
  // The process is gone: what arrived by now is what it delivered.
  expect(await road.differences(said.acked, { maybe: said.sent, withinMs: 0 })).toEqual([]);
  expect(logLines(road.rondo.logged()).at(-1)).toBe("info stopped: everything that was accepted has gone out");

  road.rondo.launch();
  await road.rondo.ready();
  await sendRequests(road.ports, 6, said);
  expect(await road.differences(said.acked, { maybe: said.sent }), "a restart repeats nothing").toEqual([]);
  expect(await road.rondo.stop()).toBe(0);
});

test("SIGTERM with a dead backend: exit 1, it says what is left, and the next start delivers it", async () => {
  const road = await openRoad({ flags: ["--drain-timeout", "1s"] });
  road.rondo.launch();
  await road.rondo.ready();
  const said = await sendRequests(road.ports, 12);
  expect(said.refusals).toEqual([]);
  const before = performance.now();
  expect(await road.rondo.stop()).toBe(1);
  expect(performance.now() - before, "it waits as long as it was told").toBeGreaterThan(900);
  const left = logLines(road.rondo.logged()).filter((line) => line.includes("stay in the log"));
  const group = (signal: string, exporter: string) =>
    `rondo.${signal}.${exporter.replace("_", "_5F").replace("/", "_2F")}`;
  expect(left.map((line) => line.replace(/\d+ records?/, "N records")).sort()).toEqual(
    SIGNALS.flatMap((signal) =>
      [GRPC_EXPORTER, HTTP_EXPORTER].map(
        (exporter) => `warn ${group(signal, exporter)}: N records stay in the log and go out after the next start`,
      ),
    ).sort(),
  );
  expect(await road.differences(said.acked, { exporters: [DEBUG_EXPORTER], withinMs: 0 })).toEqual([]);

  await road.startSink();
  road.rondo.launch();
  await road.rondo.ready();
  expect(await road.differences(said.acked)).toEqual([]);
  expect(await road.rondo.stop()).toBe(0);
});

test("a second SIGTERM ends it at once, and nothing is lost by that", async () => {
  const road = await openRoad();
  road.rondo.launch();
  await road.rondo.ready();
  const said = await sendRequests(road.ports, 6);
  const pid = road.rondo.pid;
  const ended = road.rondo.stop();
  await pause(200);
  process.kill(pid, "SIGTERM");
  const INTERRUPTED = 130;
  expect(await ended).toBe(INTERRUPTED);
  await road.startSink();
  road.rondo.launch();
  await road.rondo.ready();
  expect(await road.differences(said.acked, { repeats: "allowed" })).toEqual([]);
  expect(await road.rondo.stop()).toBe(0);
});
