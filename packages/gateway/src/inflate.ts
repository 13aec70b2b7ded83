/** Undoes a body's compression under a cap: no bomb grows beyond the limit, and only a few bodies are inflated at a time. */
import { promisify } from "node:util";
import { gunzip, inflate as inflateZlib, type ZlibOptions } from "node:zlib";
import { Fault } from "@rondo/core";

type Inflater = (body: Uint8Array, options: ZlibOptions) => Promise<Buffer>;

// `deflate` is the zlib format of RFC 1950, as RFC 9110 §8.4.1.2 has it.
const zlib: Inflater = promisify<Uint8Array, ZlibOptions, Buffer>(inflateZlib);

/** By `Content-Encoding`; `identity` and none need nothing. Several gzip members are one body. */
const INFLATERS: ReadonlyMap<string, Inflater> = new Map([
  ["gzip", promisify<Uint8Array, ZlibOptions, Buffer>(gunzip)],
  ["zlib", zlib],
  ["deflate", zlib],
]);

/** The encodings that this build can undo. */
export const INFLATABLE: readonly string[] = [...INFLATERS.keys()];

/** Bodies inflated at once: each may reach the body limit before its true size is known, so this bounds the overshoot. */
const AT_ONCE = 4;

/** Where the ratio of inflated to compressed bytes starts before anything was measured, and how fast it follows. */
const FIRST_RATIO = 6;
const FOLLOW = 1 / 16;

const SMALLEST_CHUNK = 16 << 10;
const LARGEST_CHUNK = 1 << 20;

/** Inflates bodies, and guesses their size beforehand. */
export interface Inflation {
  /** The size that `compressed` bytes will probably have, from what was measured so far; never above `limit`. */
  expect(compressed: number, limit: number): number;
  /**
   * The inflated body. Rejects with a Fault: `too_large` above `limit` bytes, `invalid` for bytes that are not of the encoding or
   * end too early, `unsupported` for an encoding that this build does not have.
   */
  inflate(encoding: string, body: Uint8Array, limit: number): Promise<Uint8Array>;
}

/** An inflation with its own measurements and slots. */
export function inflation(): Inflation {
  let ratio = FIRST_RATIO;
  let running = 0;
  // Bounded by the admission account: whoever waits here holds credits.
  const waiting: (() => void)[] = [];

  return {
    expect: (compressed, limit) => Math.min(limit, Math.ceil(compressed * ratio)),
    async inflate(encoding, body, limit) {
      const inflater = INFLATERS.get(encoding);
      if (inflater === undefined) throw new Fault("unsupported", `Content-Encoding ${encoding} is not built yet`);
      if (body.length === 0) return body;
      // A slot is handed over by whoever leaves one, so `running` counts it throughout.
      if (running >= AT_ONCE) await new Promise<void>((resolve) => waiting.push(resolve));
      else running += 1;
      try {
        const inflated = await inflater(body, { maxOutputLength: limit, chunkSize: chunkSize(body.length * ratio) });
        ratio += (Math.max(1, inflated.length / body.length) - ratio) * FOLLOW;
        return inflated;
      } catch (thrown) {
        throw inflateFault(thrown, encoding, limit);
      } finally {
        const next = waiting.shift();
        if (next === undefined) running -= 1;
        else next();
      }
    },
  };
}

/** Output is asked for in pieces of the expected size: every piece is a round trip through the thread pool. */
function chunkSize(expected: number): number {
  return Math.min(LARGEST_CHUNK, Math.max(SMALLEST_CHUNK, Math.ceil(expected * 1.25)));
}

function inflateFault(thrown: unknown, encoding: string, limit: number): Fault {
  const code = thrown instanceof Error && "code" in thrown ? thrown.code : undefined;
  if (code === "ERR_BUFFER_TOO_LARGE")
    return new Fault("too_large", `the inflated body exceeds the limit of ${limit} B`);
  const reason = thrown instanceof Error ? thrown.message : String(thrown);
  return new Fault("invalid", `the body is not whole ${encoding}: ${reason}`, { cause: thrown });
}
