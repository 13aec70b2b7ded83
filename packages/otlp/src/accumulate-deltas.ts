/** Makes the delta metrics of a request cumulative, on the wire: the caller says what each of their points becomes. */
import { Cursor, Wire } from "./cursor.ts";
import {
  isData,
  isEntry,
  isMetricData,
  isPoint,
  isResource,
  isScope,
  METRIC_DATA,
  RESOURCE,
  SCOPE,
  TEMPORALITY,
} from "./layout.ts";
import { located } from "./locate.ts";
import { Splices } from "./splices.ts";
import { type Around, merged } from "./walk.ts";

/** AggregationTemporality, opentelemetry/proto/metrics/v1. */
const DELTA = 1;
const CUMULATIVE = Uint8Array.of(2);
const NOTHING = new Uint8Array(0);

/**
 * The message of the cumulative point that takes the place of a delta point, or undefined when the point goes. `point` stands on the
 * field that holds it; `around` holds only during the call, its byte arrays as long as the body.
 */
export type AccumulatePoint = (point: Cursor, around: Around) => Uint8Array | undefined;

/**
 * The request with every sum, histogram and exponential histogram of delta temporality made cumulative; the very body when there is
 * none. Metrics, scopes and resources whose points have all gone go too. Throws WireError on malformed frames.
 */
export function accumulateDeltas(body: Uint8Array, accumulate: AccumulatePoint): Uint8Array {
  return located("metrics", body, () => {
    const splices = new Splices();
    const around: Around = { resource: NOTHING, scope: NOTHING, metric: NOTHING, data: 0, attributes: 0 };
    const data = new Cursor(body);

    const points = (field: Cursor): Remains => {
      const remains = { left: 0, gone: 0 };
      data.enter(field);
      while (data.next()) {
        if (data.is(TEMPORALITY, Wire.varint)) splices.replace(data.start, data.stop - data.start, CUMULATIVE);
        if (!isPoint(data)) continue;
        const point = accumulate(data, around);
        if (point === undefined) {
          remains.gone++;
          splices.replace(data.at, data.stop - data.at, NOTHING);
          continue;
        }
        remains.left++;
        splices.enter(data);
        splices.replace(data.start, data.stop - data.start, point);
        splices.leave();
      }
      return remains;
    };
    const metric = (entry: Cursor): Remains => {
      if (!isDelta(entry)) return { left: 1, gone: 0 };
      around.metric = entry.slice();
      return inside(splices, entry, isData, (field) => {
        if (!isMetricData(field.field)) return { left: 1, gone: 0 };
        around.data = field.field;
        around.attributes = METRIC_DATA[field.field].attributes;
        return points(field);
      });
    };
    const scope = (field: Cursor): Remains => {
      around.scope = merged(field, SCOPE.scope);
      return inside(splices, field, isEntry, metric, true);
    };
    const resource = (field: Cursor): Remains => {
      around.resource = merged(field, RESOURCE.resource);
      return inside(splices, field, isScope, scope, true);
    };
    const request = new Cursor(body);
    while (request.next()) if (isResource(request)) enter(splices, request, resource, true);
    return splices.apply(body);
  });
}

/** What is left in a message, and what has gone from it. */
interface Remains {
  readonly left: number;
  readonly gone: number;
}

/** Visits the children of the message that `parent` stands on. */
function inside(
  splices: Splices,
  parent: Cursor,
  isChild: (field: Cursor) => boolean,
  visit: (child: Cursor) => Remains,
  empties = false,
): Remains {
  const child = new Cursor(parent.bytes).enter(parent);
  let left = 0;
  let gone = 0;
  while (child.next()) {
    if (!isChild(child)) continue;
    const remains = enter(splices, child, visit, empties);
    left += remains.left;
    gone += remains.gone;
  }
  return { left, gone };
}

/** Visits a message; with `empties`, takes it out if all that was in it has gone. One that was empty before stays. */
function enter(splices: Splices, field: Cursor, visit: (field: Cursor) => Remains, empties: boolean): Remains {
  splices.enter(field);
  const { left, gone } = visit(field);
  const isEmptied = empties && gone > 0 && left === 0;
  if (isEmptied) splices.remove(field);
  else splices.leave();
  return { left: left > 0 || gone === 0 ? 1 : 0, gone: left === 0 && gone > 0 ? 1 : 0 };
}

/** Whether the metric that `entry` stands on is of delta temporality; of repeated fields the last counts. */
function isDelta(entry: Cursor): boolean {
  const field = new Cursor(entry.bytes).enter(entry);
  const data = new Cursor(entry.bytes);
  let temporality = 0;
  while (field.next()) {
    if (!isData(field)) continue;
    data.enter(field);
    while (data.next()) if (data.is(TEMPORALITY, Wire.varint)) temporality = data.number();
  }
  return temporality === DELTA;
}
