/**
 * CPU time per item of each wire operation on the corpus of the peer bench, beside protobufjs on the same bytes in the same
 * run: nanoseconds, and how many times faster. `node --conditions=source test/bench/wire.ts [--signal SIGNAL] [NAME…]` runs
 * the rows whose names begin so.
 */
import { parseArgs } from "node:util";
import { free } from "@rondo/core";
import {
  anyValue,
  compileEdits,
  concatRequests,
  contentHash,
  countItems,
  type Edit,
  editItems,
  editResources,
  editScopes,
  ITEM_NAMES,
  partitionByTrace,
  partitionRequest,
  SIGNALS,
  type Signal,
  shiftTimes,
  splitRequest,
  timeRange,
  validateRequest,
} from "@rondo/otlp";
import { decodeRequest, encodeRequest, REQUEST_TYPES } from "@rondo/otlp/codec";
import { requestFromJson, requestToJson } from "@rondo/otlp/json";
import { buildCorpus, STAMP_KEY } from "./peer/corpus.ts";

const WARM_MS = 150;
const RUN_MS = 600;
const ROUNDS = 15;

/** The least of several rounds, in nanoseconds of CPU per call, collector threads included: other processes do not count. */
function time(run: () => unknown): number {
  const loop = (ms: number) => {
    const start = process.cpuUsage();
    const until = performance.now() + ms;
    let calls = 0;
    while (performance.now() < until) {
      for (let i = 0; i < 4; i++) run();
      calls += 4;
    }
    const { user, system } = process.cpuUsage(start);
    return ((user + system) * 1000) / calls;
  };
  loop(WARM_MS);
  return Math.min(...Array.from({ length: ROUNDS }, () => loop(RUN_MS / ROUNDS)));
}

/** Requests that are taken in turn, so that no branch is learned by heart, yet all stay in the cache. */
const BODIES = 4;
const SEED = 1;

const edit = (...edits: Edit[]) => compileEdits(edits);
const insert = edit({ action: "insert", key: "deployment.environment", value: anyValue("production") });
const present = edit({ action: "insert", key: STAMP_KEY, value: anyValue("x") });
const several = edit(
  { action: "insert", key: "deployment.environment", value: anyValue("production") },
  { action: "delete", key: "fl.phase" },
  { action: "delete", key: "url.path" },
  { action: "upsert", key: STAMP_KEY, value: anyValue("hidden") },
);
const hash = edit({ action: "hash", key: STAMP_KEY });

/** What a row is compared with: protobufjs decoding, that and encoding again, or JSON.parse and encoding. */
type Rival = "decode" | "decode + encode" | "JSON.parse + encode";

/** A row: its name, what it does with a request, what it is compared with, and how many times faster it has to be. */
type Row = readonly [name: string, run: (body: Uint8Array, json: Buffer) => unknown, rival?: Rival, bar?: number];

const { positionals: chosen, values } = parseArgs({
  allowPositionals: true,
  options: { signal: { type: "string" } },
});
const isChosen = (name: string) => chosen.length === 0 || chosen.some((start) => name.startsWith(start));
const both: Rival = "decode + encode";

function bench(signal: Signal, items: number): void {
  const bodies = buildCorpus(signal, items, SEED)
    .templates.slice(0, BODIES)
    .map(({ body }) => body);
  const texts = bodies.map((body) => requestToJson(signal, body));
  const objects = bodies.map((body) => decodeRequest(signal, body));
  const type = REQUEST_TYPES[signal];
  const rivals: Readonly<Record<Rival, Row[1]>> = {
    decode: (body) => type.decode(body),
    "decode + encode": (body) => type.encode(type.decode(body)).finish(),
    // It takes ids in hex for base64, which makes other bytes of them but costs the same.
    "JSON.parse + encode": (_, json) => type.encode(JSON.parse(json.toString())).finish(),
  };
  const half = Math.ceil(items / 2);
  const bytes = Math.ceil((bodies[0]?.length ?? 0) / 2) + 500;
  let turn = 0;
  const byTrace: Row = ["partition over 12 by trace", (body) => partitionByTrace(body, 12, "default"), both];
  const rows: readonly Row[] = [
    ["count", (body) => countItems(signal, body), "decode", 200],
    ["validate the structure", (body) => validateRequest(signal, body), "decode"],
    ["range of times", (body) => timeRange(signal, body), "decode"],
    ["content hash", (body) => contentHash(body)],
    ["concat of two, per item of one", (body) => concatRequests([body, body])],
    ["partition over 12 by service", (body) => partitionRequest(signal, body, 12, "default"), both],
    ...(signal === "traces" ? [byTrace] : []),
    ["split into halves", (body) => splitRequest(signal, body, { maxItems: half, maxBytes: 0 }), both, 50],
    ["split into halves by bytes", (body) => splitRequest(signal, body, { maxItems: 0, maxBytes: bytes }), both, 50],
    ["split into tens", (body) => splitRequest(signal, body, { maxItems: 10, maxBytes: 0 }), both],
    ["insert a resource attribute", (body) => editResources(signal, body, insert), both, 80],
    ["insert a scope attribute", (body) => editScopes(signal, body, insert), both],
    ["insert an item attribute", (body) => editItems(signal, body, insert), both, 15],
    ["insert an item attribute, there already", (body) => editItems(signal, body, present), both, 15],
    ["insert, delete and upsert", (body) => editItems(signal, body, several), both],
    ["hash an item attribute", (body) => editItems(signal, body, hash), both],
    ["shift every time", (body) => shiftTimes(signal, body, (nanos) => nanos + 1n), both],
    ["JSON to wire", (_, json) => requestFromJson(signal, json), "JSON.parse + encode", 2],
    ["wire to JSON", (body) => requestToJson(signal, body)],
    ["decode into typed objects", (body) => decodeRequest(signal, body)],
    ["encode typed objects", () => encodeRequest(signal, objects[turn % BODIES] ?? decodeRequest(signal, EMPTY))],
    ["JSON.parse alone", (_, json) => JSON.parse(json.toString())],
  ];
  const timed = (run: Row[1]) =>
    time(() => {
      turn++;
      const body = bodies[turn % BODIES] ?? EMPTY;
      const made = run(body, texts[turn % BODIES] ?? EMPTY);
      // As the pipeline does with what the next stage has replaced; for the rivals as well.
      if (made instanceof Uint8Array && made !== body) free(made);
      if (Array.isArray(made)) for (const part of made) if (part.body !== body) free(part.body);
    }) / items;
  const print = (name: string, nanos: number, rest = "") =>
    console.log(`${name.padEnd(42)}${nanos.toFixed(1).padStart(10)}${rest}`);
  const size = `${bodies[0]?.length} bytes in protobuf, ${texts[0]?.length} in JSON`;
  console.log(`\n${items} ${ITEM_NAMES[signal]} a request, ${size}: ns per item`);
  const cost = new Map<string, number>();
  for (const [name, run] of Object.entries(rivals)) {
    cost.set(name, timed(run));
    print(`protobufjs: ${name}`, cost.get(name) ?? 0);
  }
  for (const [name, run, rival, bar] of rows.filter(([name]) => isChosen(name))) {
    const nanos = timed(run);
    const times = rival === undefined ? "" : `${((cost.get(rival) ?? 0) / nanos).toFixed(1)} x ${rival}`.padStart(32);
    print(name, nanos, bar === undefined ? times : `${times}, asked for: ${bar}`);
  }
}

const EMPTY = Buffer.alloc(0);

for (const signal of SIGNALS) {
  if (values.signal !== undefined && values.signal !== signal) continue;
  for (const items of [100, 1000]) bench(signal, items);
}
