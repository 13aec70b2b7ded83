/** The request with a number: what a seed and an index make of the seeds, the same at any time and on any machine. */
import { crc32 } from "node:zlib";
import { SIGNALS, type Signal } from "@rondo/otlp";
import { COMPRESSIONS, COMPRESSORS, type Compression } from "../rig/compressed-bodies.ts";
import { between, seededRandom } from "../rig/random.ts";
import { BYTE_MUTATIONS, type Mutation } from "./mutate-bytes.ts";
import { JSON_MUTATIONS } from "./mutate-json.ts";
import { WIRE_MUTATIONS } from "./mutate-wire.ts";
import type { Encoding, Seeds } from "./seeds.ts";

/** A request as it is sent. */
export interface FuzzRequest {
  readonly signal: Signal;
  readonly encoding: Encoding;
  /** The body's compression, if it has any. */
  readonly compression?: Compression;
  /** In memory of its own: whoever gets it may detach it. */
  readonly body: Uint8Array;
  /** What is wrong with its frame, where the transport has frames. */
  readonly framing?: Framing;
}

/** Ways to damage the frame of a gRPC message. */
const FRAMINGS = ["another flag", "too short", "too long", "twice", "three bytes", "nothing"] as const;

/** One of them. */
export type Framing = (typeof FRAMINGS)[number];

/** One in so many has a damaged frame. */
const FRAMED = 40;

/** One in so many is compressed; of those half are damaged afterwards. */
const COMPRESSED = 16;

/** Requests above this are cut: what is looked for is not the limit of a body. */
const LARGEST = 256 << 10;

const MUTATIONS: Readonly<Record<Encoding, readonly Mutation[]>> = {
  protobuf: Object.values(WIRE_MUTATIONS),
  json: Object.values(JSON_MUTATIONS),
};
const BYTES = Object.values(BYTE_MUTATIONS);

/** The mutated request number `index` of a seed. */
export function mutatedRequest(seeds: Seeds, encoding: Encoding, seed: number, index: number): FuzzRequest {
  // The checksum spreads neighbouring numbers over all of chance's beginnings.
  const random = seededRandom(crc32(Buffer.from(`${seed}:${index}`)));
  const signal = SIGNALS[index % SIGNALS.length] ?? "traces";
  const pick = () => seeds[signal][between(random, 0, seeds[signal].length)] ?? new Uint8Array(0);
  let body = pick();
  for (let turn = 0; turn === 0 || (turn < 6 && random() < 0.4); turn++) {
    body = mutated(MUTATIONS[encoding], body, random, pick()).subarray(0, LARGEST);
  }
  const compression = random() * COMPRESSED < 1 ? COMPRESSIONS[between(random, 0, COMPRESSIONS.length)] : undefined;
  const framing = random() * FRAMED < 1 ? FRAMINGS[between(random, 0, FRAMINGS.length)] : undefined;
  const start = { signal, encoding, ...(framing !== undefined && { framing }) };
  if (compression === undefined) return { ...start, body: owned(body) };
  let small: Uint8Array = COMPRESSORS[compression](body);
  if (random() < 0.5) small = mutated(BYTES, small, random, body).subarray(0, LARGEST);
  return { ...start, compression, body: owned(small) };
}

/** A request that must be accepted whole: a seed as it is. */
export function goodRequest(seeds: Seeds, encoding: Encoding, index: number): FuzzRequest {
  const signal = SIGNALS[index % SIGNALS.length] ?? "traces";
  const body = seeds[signal][index % seeds[signal].length] ?? new Uint8Array(0);
  return { signal, encoding, body: owned(body) };
}

/** A copy in memory that is nobody else's. */
export function owned(bytes: Uint8Array): Buffer {
  const copy = Buffer.allocUnsafeSlow(bytes.length);
  copy.set(bytes);
  return copy;
}

function mutated(from: readonly Mutation[], body: Uint8Array, random: () => number, other: Uint8Array): Uint8Array {
  return from[between(random, 0, from.length)]?.(body, random, other) ?? body;
}
