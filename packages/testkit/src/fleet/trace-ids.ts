/** Ids of traces and spans, drawn from the seed by name: a log record finds the id of a span that another file writes. */
import { between } from "../seeded-random.ts";
import type { Chance } from "./chance.ts";

/** The 16 bytes of a trace's id. */
export function traceIdOf(chance: Chance, name: string): Uint8Array {
  return drawn(chance, `trace ${name}`, 16);
}

/** The 8 bytes of a span's id. */
export function spanIdOf(chance: Chance, name: string): Uint8Array {
  return drawn(chance, `span ${name}`, 8);
}

/** An id may not be all zeros, so its first byte never is. */
function drawn(chance: Chance, name: string, length: number): Uint8Array {
  const random = chance(name);
  return Uint8Array.from({ length }, (_, index) => between(random, index === 0 ? 1 : 0, 256));
}
