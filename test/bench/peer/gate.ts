/**
 * Decides whether a round counts: every item that was sent arrives exactly once, with what the processors had to insert.
 * It reads frames, keys and stamps and nothing else, because it shares its core with the load.
 */
import { Cursor, type Signal, Wire } from "@rondo/otlp";
import { STAMP_KEY, STAMP_WIDTH } from "./corpus.ts";

/** What the configuration under test inserts, into every resource and into every item. */
export const RESOURCE_KEY = "bench.site";
export const ITEM_KEY = "bench.enriched";

/** Field number of the attributes of a span and of a log record; of a metric's points see `POINTS`. */
const ITEM_ATTRIBUTES: Readonly<Record<Signal, number>> = { traces: 9, metrics: 7, logs: 6 };
/** The fields of Metric whose points the corpus has: gauge and sum. */
const POINTS: readonly number[] = [5, 7];

/** What came of a round. `problems` names the first few things that were wrong; empty means that the round counts. */
export interface GateResult {
  readonly received: number;
  readonly missing: number;
  readonly duplicates: number;
  readonly problems: readonly string[];
}

/** Follows one round. */
export interface Gate {
  /** Takes a request as the backend got it. */
  take(body: Buffer): void;
  /** Items that arrived so far, repeated ones included. */
  readonly received: number;
  /** Items that arrived for the first time. */
  readonly distinct: number;
  /** The verdict on items numbered below `sent`. */
  result(sent: number): GateResult;
}

/** A gate for items numbered below `bound`. */
export function openGate(signal: Signal, bound: number): Gate {
  const arrivals = new Uint8Array(bound);
  const problems: string[] = [];
  let received = 0;
  let distinct = 0;
  const report = (problem: string) => {
    if (problems.length < 5) problems.push(problem);
  };

  /** Whether the KeyValue that `pair` stands before has this key, its fields in any order; leaves `value` on its string. */
  const isKey = (body: Buffer, pair: Cursor, value: Cursor, key: string): boolean => {
    let same = false;
    let text = false;
    while (pair.next()) {
      if (pair.is(1, Wire.bytes)) {
        if (pair.stop - pair.start !== key.length) return false;
        same = body.toString("latin1", pair.start, pair.stop) === key;
      } else if (pair.is(2, Wire.bytes)) text = value.enter(pair).next() && value.is(1, Wire.bytes);
    }
    return same && text;
  };

  const item = (body: Buffer, cursor: Cursor) => {
    const [pair, value] = [new Cursor(body), new Cursor(body)];
    let id = -1;
    let enriched = 0;
    while (cursor.next()) {
      if (!cursor.is(ITEM_ATTRIBUTES[signal], Wire.bytes)) continue;
      if (isKey(body, pair.enter(cursor), value, STAMP_KEY) && value.stop - value.start === STAMP_WIDTH) {
        id = 0;
        for (let at = value.start; at < value.stop; at++) id = id * 10 + (body[at] ?? 48) - 48;
      } else if (isKey(body, pair.enter(cursor), value, ITEM_KEY)) enriched++;
    }
    received++;
    if (enriched !== 1) report(`an item has ${ITEM_KEY} ${enriched} times`);
    if (id < 0 || id >= bound) return report(`an item has the number ${id}`);
    const before = arrivals[id] ?? 0;
    if (before === 0) distinct++;
    if (before < 255) arrivals[id] = before + 1;
  };

  const metric = (body: Buffer, cursor: Cursor) => {
    const [data, point] = [new Cursor(body), new Cursor(body)];
    while (cursor.next()) {
      if (!POINTS.includes(cursor.field) || cursor.wire !== Wire.bytes) continue;
      data.enter(cursor);
      while (data.next()) if (data.is(1, Wire.bytes)) item(body, point.enter(data));
    }
  };

  const take = (body: Buffer) => {
    const [request, resource, scope, entry] = [new Cursor(body), new Cursor(body), new Cursor(body), new Cursor(body)];
    const [pair, value] = [new Cursor(body), new Cursor(body)];
    while (request.next()) {
      if (!request.is(1, Wire.bytes)) continue;
      let enriched = 0;
      resource.enter(request);
      while (resource.next()) {
        if (resource.is(1, Wire.bytes)) {
          scope.enter(resource);
          while (scope.next())
            if (scope.is(1, Wire.bytes) && isKey(body, pair.enter(scope), value, RESOURCE_KEY)) enriched++;
        } else if (resource.is(2, Wire.bytes)) {
          scope.enter(resource);
          while (scope.next()) {
            if (!scope.is(2, Wire.bytes)) continue;
            if (signal === "metrics") metric(body, entry.enter(scope));
            else item(body, entry.enter(scope));
          }
        }
      }
      if (enriched !== 1) report(`a resource has ${RESOURCE_KEY} ${enriched} times`);
    }
  };

  const result = (sent: number): GateResult => {
    const missing = sent - arrivals.subarray(0, sent).reduce((sum, count) => sum + (count > 0 ? 1 : 0), 0);
    const duplicates = arrivals.reduce((sum, count) => sum + Math.max(0, count - 1), 0);
    const found = [...problems];
    if (missing > 0) found.push(`${missing} items never arrived`);
    if (duplicates > 0) found.push(`${duplicates} items arrived again`);
    return { received, missing, duplicates, problems: found };
  };

  return {
    take,
    result,
    get received() {
      return received;
    },
    get distinct() {
      return distinct;
    },
  };
}
