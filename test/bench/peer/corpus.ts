/**
 * The bytes that the bench replays: requests built once from a seed, one resource each, whose items carry a stamp of fixed
 * width that is overwritten in place before every send. Sizes as in docs/performance.md.
 */
import { createHash } from "node:crypto";
import { SIGNALS, type Signal } from "@rondo/otlp";
import { type DecodedAttribute, type DecodedRequest, encodeRequest } from "@rondo/otlp/codec";
import { between, seededRandom } from "../../rig/random.ts";

/** The attribute that carries an item's number, as `STAMP_WIDTH` decimal digits. */
export const STAMP_KEY = "bench.seq";
export const STAMP_WIDTH = 10;
/** Service instances of the corpus, so that records spread over partitions as a fleet's do. */
export const INSTANCES = 64;

/** One request and the offsets of its stamps, in item order. */
export interface Template {
  readonly body: Buffer;
  readonly stamps: readonly number[];
}

/** All requests of one signal and size. */
export interface Corpus {
  readonly signal: Signal;
  /** Items in each request. */
  readonly size: number;
  readonly templates: readonly Template[];
  /** SHA-256 of all bodies, to tell that two runs replayed the same. */
  readonly hash: string;
}

type Random = () => number;

const text = (key: string, stringValue: string): DecodedAttribute => ({ key, value: { stringValue } });
const int = (key: string, value: number): DecodedAttribute => ({ key, value: { intValue: BigInt(value) } });
const stamp = text(STAMP_KEY, "0".repeat(STAMP_WIDTH));
const START = 1_790_000_000_000_000_000n;

function bytes(random: Random, length: number): Uint8Array {
  return Uint8Array.from({ length }, () => between(random, 0, 256));
}

function hex(random: Random, length: number): string {
  return Buffer.from(bytes(random, length / 2)).toString("hex");
}

function resource(instance: number) {
  return {
    attributes: [
      text("service.namespace", "federation"),
      text("service.name", `trainer-${instance % 8}`),
      text("service.instance.id", `client-${String(instance).padStart(4, "0")}`),
      text("host.name", `node-${String(instance).padStart(4, "0")}.site-${instance % 5}.example`),
      text("service.version", "2.7.1"),
    ],
    entityRefs: [],
  };
}

const scope = { name: "federation.training", version: "1.4.0", attributes: [] };

/** A span of 13 attributes, the stamp among them: an HTTP call as an instrumentation library describes it. */
function span(random: Random, index: number) {
  const start = START + BigInt(index) * 1_000_000n;
  return {
    traceId: bytes(random, 16),
    spanId: bytes(random, 8),
    parentSpanId: bytes(random, 8),
    flags: 257,
    name: `POST /v1/rounds/{round}/updates/${between(random, 0, 20)}`,
    kind: 2,
    startTimeUnixNano: start,
    endTimeUnixNano: start + BigInt(between(random, 100_000, 90_000_000)),
    attributes: [
      text("http.request.method", "POST"),
      int("http.response.status_code", 200),
      text("url.scheme", "https"),
      text("url.path", `/v1/rounds/${between(random, 1, 400)}/updates/${hex(random, 12)}`),
      text("server.address", "aggregator.federation.example"),
      int("server.port", 8443),
      text("client.address", `10.${between(random, 0, 256)}.${between(random, 0, 256)}.7`),
      stamp,
      text("user_agent.original", "federation-client/2.7.1 (linux; python 3.12)"),
      text("network.protocol.version", "2"),
      int("http.request.body.size", between(random, 1000, 9_000_000)),
      text("fl.strategy", "fedavg-with-momentum.0.9, proximal.0.01"),
      text("fl.update.digest", hex(random, 64)),
    ],
    events: [],
    links: [],
    status: { code: 1 },
  };
}

function logRecord(random: Random, index: number) {
  const time = START + BigInt(index) * 1_000_000n;
  return {
    timeUnixNano: time,
    observedTimeUnixNano: time + 1_000_000n,
    severityNumber: 9,
    severityText: "INFO",
    body: {
      stringValue: `round ${between(random, 1, 400)}: client finished local training after ${between(random, 1, 90)} s, loss 0.${between(random, 1000, 9999)}, sending the update of ${between(random, 10, 99)} layers to the aggregator at once`,
    },
    attributes: [
      stamp,
      text("fl.phase", "fit"),
      int("fl.examples", between(random, 500, 4000)),
      text("code.function.name", "client.fit"),
    ],
    traceId: bytes(random, 16),
    spanId: bytes(random, 8),
    flags: 1,
  };
}

function point(random: Random, index: number) {
  return {
    startTimeUnixNano: START,
    timeUnixNano: START + BigInt(index) * 1_000_000n,
    asDouble: random(),
    attributes: [
      stamp,
      text("fl.phase", index % 2 === 0 ? "fit" : "evaluate"),
      text("fl.layer", `block.${between(random, 10, 99)}.attention.out.weight.mu`),
    ],
    exemplars: [],
  };
}

/** Points stand ten to a metric, gauges and cumulative sums by turns. */
function metrics(random: Random, size: number) {
  return Array.from({ length: Math.ceil(size / 10) }, (_, metric) => {
    const dataPoints = Array.from({ length: Math.min(10, size - metric * 10) }, (_unused, index) =>
      point(random, index),
    );
    const named = { name: `fl.training.metric_${metric % 100}`, unit: "1", metadata: [] };
    return metric % 2 === 0
      ? { ...named, gauge: { dataPoints } }
      : { ...named, sum: { dataPoints, aggregationTemporality: 2, isMonotonic: true } };
  });
}

const BUILD: { readonly [S in Signal]: (random: Random, instance: number, size: number) => DecodedRequest<S> } = {
  traces: (random, instance, size) => ({
    resourceSpans: [
      {
        resource: resource(instance),
        scopeSpans: [{ scope, spans: Array.from({ length: size }, (_, index) => span(random, index)) }],
      },
    ],
  }),
  metrics: (random, instance, size) => ({
    resourceMetrics: [{ resource: resource(instance), scopeMetrics: [{ scope, metrics: metrics(random, size) }] }],
  }),
  logs: (random, instance, size) => ({
    resourceLogs: [
      {
        resource: resource(instance),
        scopeLogs: [{ scope, logRecords: Array.from({ length: size }, (_, index) => logRecord(random, index)) }],
      },
    ],
  }),
};

/** Where the stamps of a request stand: behind each key, the two heads of its AnyValue. */
function stampsOf(body: Buffer): readonly number[] {
  const found: number[] = [];
  for (let at = body.indexOf(STAMP_KEY); at >= 0; at = body.indexOf(STAMP_KEY, at + 1))
    found.push(at + STAMP_KEY.length + 4);
  return found;
}

/** Builds the requests of one signal; the same seed gives the same bytes. */
export function buildCorpus(signal: Signal, size: number, seed: number): Corpus {
  const random = seededRandom(seed + SIGNALS.indexOf(signal));
  const templates = Array.from({ length: INSTANCES }, (_, instance) => {
    const body = Buffer.from(encodeRequest(signal, BUILD[signal](random, instance, size)));
    return { body, stamps: stampsOf(body) };
  });
  const hash = templates.reduce((sum, { body }) => sum.update(body), createHash("sha256")).digest("hex");
  return { signal, size, templates, hash };
}

/** Copies a template into `target` and numbers its items from `first` on; returns the part of `target` that is the request. */
export function stampInto(target: Buffer, template: Template, first: number): Buffer {
  template.body.copy(target);
  let id = first;
  for (const at of template.stamps) {
    let rest = id++;
    for (let digit = STAMP_WIDTH - 1; digit >= 0; digit--) {
      target[at + digit] = 48 + (rest % 10);
      rest = Math.floor(rest / 10);
    }
  }
  return target.subarray(0, template.body.length);
}
