/** Chance by name: what one part of a fleet draws does not change when another part draws more. */
import type { Random } from "@rondo/core";
import { murmur2 } from "@rondo/otlp";
import { seededRandom } from "../seeded-random.ts";

/** Gives the numbers in [0, 1) that belong to a name; asked again it begins at the first again. */
export type Chance = (name: string) => Random;

/** The chance of a seed. */
export function chance(seed: number): Chance {
  return (name) => seededRandom(seed ^ murmur2(Buffer.from(name, "utf8")));
}
