/**
 * One of three exporters is dead while its backlog comes to span an hour of event time: the others notice nothing, and when it is
 * back it gets everything, oldest first. Twenty seconds; with RONDO_LONG=1 ten minutes.
 */
import { setTimeout as pause } from "node:timers/promises";
import { decodedItems, decodeRequest } from "@rondo/otlp/codec";
import { expect, test } from "vitest";
import { STAMP_KEY } from "../chaos/identity.ts";
import { Opened } from "../chaos/kafka-site.ts";
import { buildRequest } from "../chaos/load.ts";
import { type Sample, sumOf } from "../rig/metrics-page.ts";
import { httpClient } from "../rig/otlp-client.ts";
import { type Reply, serveHttp } from "../rig/otlp-server.ts";
import { choosePorts, prepareRondo } from "../rig/rondo-process.ts";
import { startTcpProxy } from "../rig/tcp-proxy.ts";
import { testFolder } from "./road.ts";

const LONG = process.env["RONDO_LONG"] === "1";
const DEAD_MS = LONG ? 600_000 : 20_000;
const EVENT_SECONDS = 3_600;
const BEFORE_MS = 6_000;
const EVERY_MS = 50;
const ITEMS = 20;
const INSTANCES = 12;
/** How much later than before what is sent to the others may come, and how far they may be behind; little time tells less. */
const LATER_MS = LONG ? 150 : 1_000;
const BEHIND_ITEMS = 800;

/** A backend that knows when each request came, by the number of its first item, and in which order for each instance. */
class Sink {
  readonly at = new Map<number, number>();
  readonly order = new Map<string, number[]>();

  readonly take = (body: Buffer): Reply => {
    const now = performance.now();
    for (const { item } of decodedItems("logs", decodeRequest("logs", body))) {
      const stamp = item.attributes.find(({ key }) => key === STAMP_KEY)?.value?.stringValue ?? "";
      const [second = 0, instance = 0, first = 0] = stamp.split(":").map(Number);
      if (this.at.has(first)) continue;
      this.at.set(first, now);
      const seconds = this.order.get(String(instance)) ?? [];
      this.order.set(String(instance), seconds);
      seconds.push(second);
    }
    return "accepted";
  };
}

const yamlOf = (grpc: number, http: number, sinks: readonly number[]) => `receivers:
  otlp: {protocols: {grpc: {endpoint: "127.0.0.1:${grpc}"}, http: {endpoint: "127.0.0.1:${http}"}}}
exporters:
${sinks.map((port, index) => `  otlphttp/${index}: {endpoint: "http://127.0.0.1:${port}", compression: none, retry_on_failure: {initial_interval: 200ms, max_interval: 2s}}`).join("\n")}
service: {pipelines: {logs: {receivers: [otlp], exporters: [${sinks.map((_, index) => `otlphttp/${index}`).join(", ")}]}}}
`;

const p99 = (values: readonly number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length * 0.99)] ?? 0;
/** Items that are in the log and not delivered, unread records counted as requests. */
const behindBy = (samples: readonly Sample[], component: string) =>
  sumOf(samples, "rondo_log_lag_records", { component }) * ITEMS +
  sumOf(samples, "rondo_items_in_flight", { component });

test("the others' lag and latency stay, and the dead one drains oldest first", {
  timeout: 120_000 + 2 * DEAD_MS,
}, async ({ annotate }) => {
  const opened = new Opened();
  try {
    const sinks = [new Sink(), new Sink(), new Sink()];
    const roads = [];
    for (const sink of sinks) {
      const server = await opened.add(serveHttp(0, (_, body) => sink.take(body)));
      roads.push(await opened.add(startTcpProxy({ target: server.port })));
    }
    const ports = await choosePorts();
    const yaml = yamlOf(
      ports.grpc,
      ports.http,
      roads.map(({ port }) => port),
    );
    const rondo = prepareRondo(testFolder(), ports, yaml);
    await opened.add({ close: () => rondo.kill() });
    rondo.launch();
    await rondo.ready();

    const acked = new Map<number, number>();
    const client = await opened.add(httpClient({ port: ports.http, timeoutMs: 10_000 }));
    let [number, began] = [0, Number.POSITIVE_INFINITY];
    /** Sends at a steady rate; event time runs as fast as an hour needs to pass while the exporter is dead. */
    const send = async (forMs: number) => {
      const until = performance.now() + forMs;
      for (let turn = 0; performance.now() < until; turn++) {
        const first = number;
        number += ITEMS;
        const dead = Math.max(0, performance.now() - began);
        const second = Math.floor((dead / DEAD_MS) * EVENT_SECONDS);
        const answer = await client.send("logs", buildRequest("logs", second, first, ITEMS, turn % INSTANCES));
        if (answer.kind === "accepted") acked.set(first, performance.now());
        await pause(EVERY_MS);
      }
    };
    await send(BEFORE_MS);
    const healthy = [...acked.keys()];
    roads[2]?.set({ refuse: true });
    roads[2]?.reset();
    began = performance.now();
    const lags: number[] = [];
    const looking = setInterval(() => {
      rondo.metrics().then(
        (samples) => lags.push(behindBy(samples, "otlphttp/0"), behindBy(samples, "otlphttp/1")),
        () => undefined,
      );
    }, 1_000);
    await send(DEAD_MS).finally(() => clearInterval(looking));
    const owed = [...acked.keys()].filter((first) => sinks[2]?.at.has(first) !== true);
    const behind = behindBy(await rondo.metrics(), "otlphttp/2");
    roads[2]?.set();
    const back = performance.now();
    await expect.poll(() => owed.filter((first) => sinks[2]?.at.has(first) !== true), { timeout: 60_000 }).toEqual([]);
    const drainMs = performance.now() - back;

    const late = (sink: Sink | undefined, firsts: readonly number[]) =>
      firsts.map((first) => (sink?.at.get(first) ?? Number.POSITIVE_INFINITY) - (acked.get(first) ?? 0));
    const during = [...acked.keys()].filter((first) => !healthy.includes(first));
    const [before, then] = [healthy, during].map((firsts) =>
      p99(sinks.slice(0, 2).flatMap((sink) => late(sink, firsts))),
    );
    await annotate(
      `the others' latency p99 ${Math.round(before ?? 0)} ms before, ${Math.round(then ?? 0)} ms meanwhile, at most ` +
        `${Math.max(...lags)} items behind; the dead one ${behind} behind, drained in ${Math.round(drainMs)} ms`,
    );
    expect(behind).toBeGreaterThan(BEHIND_ITEMS);
    expect(Math.max(...lags)).toBeLessThan(BEHIND_ITEMS);
    expect(then).toBeLessThan((before ?? 0) + LATER_MS);
    for (const seconds of sinks[2]?.order.values() ?? []) expect(seconds).toEqual(seconds.toSorted((a, b) => a - b));
    expect(Math.max(...[...(sinks[2]?.order.values() ?? [])].flat())).toBeGreaterThan(0.9 * EVENT_SECONDS);
    expect(await rondo.stop()).toBe(0);
  } finally {
    await opened.close();
  }
});
