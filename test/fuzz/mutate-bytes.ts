/** Damage that needs no knowledge of what the bytes mean: for every encoding, and for what compression made of it. */
import { between } from "../rig/random.ts";
import { copies } from "./wire-fields.ts";

/** Makes other bytes of `bytes`, which stay as they are; `other` is a request to take pieces from. */
export type Mutation = (bytes: Uint8Array, random: () => number, other: Uint8Array) => Uint8Array;

function copied(bytes: Uint8Array, change: (copy: Buffer) => void): Uint8Array {
  const copy = Buffer.from(bytes);
  if (copy.length > 0) change(copy);
  return copy;
}

/** Two positions in order, near each other more often than not. */
export function span(length: number, random: () => number): readonly [from: number, to: number] {
  const from = between(random, 0, length + 1);
  const most = random() < 0.8 ? Math.min(length, from + 64) : length;
  return [from, between(random, from, most + 1)];
}

/** By name: one turn of damage each. */
export const BYTE_MUTATIONS: Readonly<Record<string, Mutation>> = {
  "flip bits": (bytes, random) =>
    copied(bytes, (copy) => {
      for (let flips = between(random, 1, 5); flips > 0; flips--) {
        const at = between(random, 0, copy.length);
        copy[at] = (copy[at] ?? 0) ^ (1 << between(random, 0, 8));
      }
    }),
  "set bytes": (bytes, random) =>
    copied(bytes, (copy) => {
      const edges = [0, 1, 0x7f, 0x80, 0xff];
      copy[between(random, 0, copy.length)] = edges[between(random, 0, edges.length)] ?? between(random, 0, 256);
    }),
  truncate: (bytes, random) => bytes.subarray(0, between(random, 0, bytes.length + 1)),
  behead: (bytes, random) => bytes.subarray(between(random, 0, Math.min(16, bytes.length + 1))),
  "cut out": (bytes, random) => {
    const [from, to] = span(bytes.length, random);
    return Buffer.concat([bytes.subarray(0, from), bytes.subarray(to)]);
  },
  repeat: (bytes, random) => {
    const [from, to] = span(bytes.length, random);
    const times = random() < 0.9 ? between(random, 1, 8) : between(random, 8, 400);
    return Buffer.concat([bytes.subarray(0, to), copies(bytes.subarray(from, to), times), bytes.subarray(to)]);
  },
  splice: (bytes, random, other) => {
    const [from, to] = span(other.length, random);
    const at = between(random, 0, bytes.length + 1);
    return Buffer.concat([bytes.subarray(0, at), other.subarray(from, to), bytes.subarray(at)]);
  },
  cross: (bytes, random, other) =>
    Buffer.concat([
      bytes.subarray(0, between(random, 0, bytes.length + 1)),
      other.subarray(between(random, 0, other.length + 1)),
    ]),
  append: (bytes, random) =>
    Buffer.concat([bytes, Uint8Array.from({ length: between(random, 1, 20) }, () => between(random, 0, 256))]),
};
