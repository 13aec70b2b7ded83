/** What the process whose power is cut says that it was promised, and what must therefore be there afterwards. */

/** The topic that is written. */
export const TOPIC = "powercut";

/** The group that commits on it. */
export const GROUP = "powercut.group";

/** One promise of the broker. */
export type Acknowledged =
  | { readonly kind: "registered" }
  | {
      readonly kind: "append";
      readonly partition: number;
      readonly baseOffset: number;
      readonly ids: readonly string[];
    }
  | { readonly kind: "commit"; readonly partition: number; readonly offset: number };

/** What is written beside a commit: large enough for pages of its own, and of another length each time. */
export function checkpointOf(offset: number): Buffer {
  return Buffer.alloc(3_000 + ((offset * 997) % 9_000), `${offset} `);
}

/** The value of a record: 40 B to 14 kB that its id alone decides, so that every byte can be checked. */
export function expectedValue(id: string): Buffer {
  let state = 0;
  for (const byte of Buffer.from(id)) state = (Math.imul(state, 31) + byte) >>> 0;
  const value = Buffer.alloc(40 + (state % 7 === 0 ? state % 14_000 : state % 1500));
  for (let index = 0; index < value.length; index++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    value[index] = state >>> 24;
  }
  return value;
}
