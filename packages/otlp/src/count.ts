/** Counts the items of a request without looking into them. */
import { Cursor, Wire } from "./cursor.ts";
import { isMetricData, POINTS, REQUEST, RESOURCE, SCOPE } from "./layout.ts";
import { located } from "./locate.ts";
import type { Signal } from "./signal.ts";
import { usualField, usualStart } from "./usual-field.ts";

/**
 * The number of spans, data points or log records in an export request. Reads only the frames around the items, about
 * 5 ns an item; what is inside an item is not checked. Throws WireError where a frame is broken.
 */
export function countItems(signal: Signal, body: Uint8Array): number {
  return located(signal, body, () => {
    const request = new Cursor(body);
    const resource = new Cursor(body);
    const scope = new Cursor(body);
    let items = 0;
    while (request.next()) {
      if (!request.is(REQUEST.resources, Wire.bytes)) continue;
      resource.enter(request);
      while (resource.next()) {
        if (resource.is(RESOURCE.scopes, Wire.bytes)) items += countEntries(signal, scope.enter(resource));
      }
    }
    return items;
  });
}

/**
 * The number of items of the scope that `scope` stands before. Adds to `counts`, for each of its metrics, the points in it and
 * the length of `counts` behind it. Throws WireError, without the path.
 */
export function countEntries(signal: Signal, scope: Cursor, counts?: number[]): number {
  if (signal !== "metrics") return countFields(scope, SCOPE.entries);
  let points = 0;
  for (;;) {
    points += skipMetrics(scope, counts);
    if (!scope.next()) return points;
    if (!scope.is(SCOPE.entries, Wire.bytes)) continue;
    const within = countPoints(new Cursor(scope.bytes).enter(scope));
    counts?.push(within, counts.length + 2);
    points += within;
  }
}

/** The number of data points of the metric that `metric` stands before. */
function countPoints(metric: Cursor): number {
  const data = new Cursor(metric.bytes);
  let points = 0;
  while (metric.next()) {
    if (metric.wire !== Wire.bytes || !isMetricData(metric.field)) continue;
    points += countFields(data.enter(metric), POINTS);
  }
  return points;
}

const METRIC_TAG = SCOPE.entries * 8 + Wire.bytes;
const POINT_TAG = POINTS * 8 + Wire.bytes;

/**
 * Steps over metrics of the usual shape that stand side by side, as `Cursor.skipRun` does over single fields, and returns how
 * many points they have.
 */
function skipMetrics(scope: Cursor, counts: number[] | undefined): number {
  const { bytes, end } = scope;
  let points = 0;
  let at = scope.stop;
  while (at < end && bytes[at] === METRIC_TAG) {
    const stop = usualField(bytes, at, end);
    const within = stop < 0 ? -1 : usualPoints(bytes, usualStart(bytes, at), stop);
    if (within < 0) break;
    counts?.push(within, counts.length + 2);
    points += within;
    at = stop;
  }
  scope.stop = at;
  return points;
}

/** The number of points in the Metric `[start, end)`, or -1 where it is unusual. */
function usualPoints(bytes: Uint8Array, start: number, end: number): number {
  let points = 0;
  for (let at = start; at < end; ) {
    const stop = usualField(bytes, at, end);
    if (stop < 0) return -1;
    const tag = bytes[at] ?? 0;
    if ((tag & 7) === Wire.bytes && isMetricData(tag >>> 3)) {
      for (let inner = usualStart(bytes, at); inner < stop; ) {
        const after = usualField(bytes, inner, stop);
        if (after < 0) return -1;
        if (bytes[inner] === POINT_TAG) points++;
        inner = after;
      }
    }
    at = stop;
  }
  return points;
}

/** How many fields of bytes have this number in the message that `message` stands before. */
export function countFields(message: Cursor, field: number): number {
  let fields = 0;
  for (;;) {
    fields += message.skipRun(field);
    if (!message.next()) return fields;
    if (message.is(field, Wire.bytes)) fields++;
  }
}
