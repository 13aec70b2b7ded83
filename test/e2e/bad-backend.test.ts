/**
 * Backends on a bad day: clients do not notice, the other exporters do not wait, and when the day is over everything arrives.
 * Six seconds each; with RONDO_LONG=1 a minute. The stories run at the same time, since most of each is waiting.
 */
import { setTimeout as pause } from "node:timers/promises";
import type { Behaviour } from "@rondo/cli";
import { SIGNALS } from "@rondo/otlp";
import { test } from "vitest";
import { sumOf } from "../rig/metrics-page.ts";
import { DEBUG_EXPORTER, GRPC_EXPORTER, HTTP_EXPORTER, nothingSent, openRoad, sendRequests } from "./road.ts";

const BAD_MS = process.env["RONDO_LONG"] === "1" ? 60_000 : 6000;
const SINKS = [GRPC_EXPORTER, HTTP_EXPORTER];

interface Story {
  /** How the sink's listeners behave; absent: there is no sink at all. */
  readonly behaves?: Readonly<Record<string, Behaviour>>;
  /** What the log says of each exporter that cannot deliver. */
  readonly says: Readonly<Record<string, RegExp>>;
}

const hang: Behaviour = { mode: "hang" };
const accident: Behaviour = { mode: "status", status: 500 };

const STORIES: readonly (readonly [string, Story])[] = [
  [
    "one that answers 500 and one that hangs",
    {
      behaves: { [GRPC_EXPORTER]: accident, [HTTP_EXPORTER]: hang },
      says: { [GRPC_EXPORTER]: /INTERNAL/, [HTTP_EXPORTER]: /no answer within 2/ },
    },
  ],
  [
    "one that hangs and one that answers 500",
    {
      behaves: { [GRPC_EXPORTER]: hang, [HTTP_EXPORTER]: accident },
      says: { [GRPC_EXPORTER]: /no answer within 2/, [HTTP_EXPORTER]: /500/ },
    },
  ],
  [
    "two that are absent",
    { says: { [GRPC_EXPORTER]: /127\.0\.0\.1:\d+.*ECONNREFUSED/, [HTTP_EXPORTER]: /127\.0\.0\.1:\d+.*ECONNREFUSED/ } },
  ],
];

/** The lines of a log that tell of failed deliveries, with the exporter and the reason of each. */
function troubles(log: string): readonly { readonly exporter: string; readonly error: string }[] {
  return log
    .split("\n")
    .filter((line) => line.includes("delivery failed and is tried again; nothing is lost"))
    .map((line) => JSON.parse(line));
}

for (const [name, { behaves, says }] of STORIES)
  test.concurrent(name, async ({ expect, onTestFinished }) => {
    const road = await openRoad({}, onTestFinished);
    const begin = async () => {
      const sink = await road.startSink();
      for (const [listener, behaviour] of Object.entries(behaves ?? {})) await sink.client.behave(behaviour, listener);
      return sink;
    };
    const early = behaves === undefined ? undefined : await begin();
    road.rondo.launch();
    await road.rondo.ready();

    const said = nothingSent();
    const over = performance.now() + BAD_MS;
    while (performance.now() < over) {
      await sendRequests(road.ports, 12, said);
      const held = await road.differences(said.acked, { exporters: [DEBUG_EXPORTER], withinMs: 3000 });
      expect(held, "debug does not wait for the others").toEqual([]);
      await pause(500);
    }
    expect(said.refusals, "clients notice nothing").toEqual([]);
    for (const exporter of SINKS)
      for (const signal of SIGNALS) expect(await road.held(exporter, signal), `${exporter}, ${signal}`).toEqual([]);
    expect((await fetch(`http://127.0.0.1:${road.ports.health}/`)).status).toBe(200);
    const during = await road.rondo.metrics();
    expect(sumOf(during, "rondo_items_dropped_total")).toBe(0);

    // One line for each exporter of each pipeline, not one for each try.
    const told = troubles(road.rondo.logged());
    expect(told.length).toBeLessThanOrEqual(SINKS.length * SIGNALS.length * Math.ceil(BAD_MS / 30_000));
    for (const exporter of SINKS) {
      const lines = told.filter((line) => line.exporter === exporter).map(({ error }) => error);
      expect(lines.length, exporter).toBeGreaterThan(0);
      for (const line of lines) expect(line).toMatch(says[exporter] ?? /^$/);
    }

    if (early === undefined) await begin();
    else await early.client.behave({ mode: "ok" });
    expect(await road.differences(said.acked)).toEqual([]);
    expect(road.rondo.logged()).toContain("delivering again");
    expect(await road.rondo.stop()).toBe(0);
  });
