/**
 * What a request comes to before it is made durable: its structure is validated, what is flawed or too large is set aside, and the
 * rest is cut into pieces of records by service identity. Bytes and words go in and come out, so that a thread can do it as well;
 * what that loads is its memory, hence little.
 */
import { Fault, free } from "@rondo/core";
import {
  checkItems,
  FlawedItems,
  partitionRequest,
  removeItems,
  repeatedBytes,
  type Signal,
  splitRequest,
  validateRequest,
} from "@rondo/otlp";
import type { Piece } from "./batcher.ts";

/** How a request is cut. */
export interface CutTerms extends Pick<Piece, "topic" | "tenant" | "via" | "meta"> {
  readonly signal: Signal;
  readonly partitions: number;
  /** Whether all of the items is read: `validate: full`. */
  readonly isDeep: boolean;
  /** The most bytes of a record, and of an item. */
  readonly recordBytes: number;
  readonly itemBytes: number;
}

/** What a request comes to. */
export interface Work {
  /** All of its items, refused ones included. */
  readonly items: number;
  readonly flawed: Pick<FlawedItems, "count" | "kinds">;
  /** Items that are larger than one may be. */
  readonly tooLarge: number;
  readonly pieces: readonly Piece[];
  /** The request itself. Pieces may be parts of it; empty where none is and its memory has been given back. */
  readonly body: Uint8Array;
}

/** Validates a request, and cuts what may go on into pieces of records. Throws WireError, and a Fault `too_large`. */
export function cutRequest(terms: CutTerms, body: Uint8Array): Work {
  const { signal, topic, tenant, via, meta, partitions, recordBytes, itemBytes } = terms;
  const flaws = new FlawedItems();
  const items = validateRequest(signal, body, flaws, terms.isDeep ? "items" : "own");
  if (terms.isDeep) checkItems(signal, body, flaws);
  const sound = flaws.any ? removeItems(signal, body, (index) => flaws.has(index)) : body;
  const flawed = { count: flaws.count, kinds: flaws.kinds };
  const pieces: Piece[] = [];
  let tooLarge = 0;
  if (items === flawed.count) return { items, flawed, tooLarge, pieces, body };
  for (const part of partitionRequest(signal, sound, partitions, tenant, items - flawed.count)) {
    const { partition } = part;
    const cuts = cutToRecords(signal, part.body, part.items, recordBytes);
    for (const cut of cuts) {
      const { items, body } = cut;
      if (body.length > itemBytes) tooLarge += items;
      else if (items > 0) pieces.push({ topic, partition, tenant, via, meta, items, body });
    }
    // A part that was cut is in nobody's hands any more.
    if (part.body.buffer !== body.buffer && isApart(part.body, cuts)) free(part.body);
  }
  if (sound !== body && isApart(sound, pieces)) free(sound);
  return { items, flawed, tooLarge, pieces, body };
}

/** Whether none of the bodies is in the memory of `whole`. */
function isApart(whole: Uint8Array, bodies: readonly { readonly body: Uint8Array }[]): boolean {
  return bodies.every(({ body }) => body.buffer !== whole.buffer);
}

/** Parts that fit a record; a part above the bound holds a single item. */
function cutToRecords(
  signal: Signal,
  body: Uint8Array,
  items: number,
  recordBytes: number,
): readonly { items: number; body: Uint8Array }[] {
  if (body.length <= recordBytes) return [{ items, body }];
  // Half a record, so that the pieces are never much more than twice the request.
  const mayRepeat = recordBytes / 2;
  const repeated = repeatedBytes(signal, body);
  if (repeated > mayRepeat) {
    throw new Fault(
      "too_large",
      `${repeated} B of resource, scope and metric fields stand around an item; ${mayRepeat} B may`,
    );
  }
  return splitRequest(signal, body, { maxItems: 0, maxBytes: recordBytes });
}
