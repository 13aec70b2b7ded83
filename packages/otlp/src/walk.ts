/** Walks the resources and items of a request with a cursor on each, for readers of single fields. */

import { AttributeList, SOME_ATTRIBUTES } from "./attribute-list.ts";
import { Cursor, Wire } from "./cursor.ts";
import { joinedFields } from "./joined-fields.ts";
import {
  ITEM_ATTRIBUTES,
  isEntry,
  isMetricData,
  isPoint,
  isResource,
  isScope,
  METRIC_DATA,
  RESOURCE,
  SCOPE,
} from "./layout.ts";
import { located } from "./locate.ts";
import type { Signal } from "./signal.ts";

/** What stands around an item. The object is reused: it holds only during the visit. The byte arrays stay good. */
export interface Around {
  /** The Resource message; empty when absent, merged when it came in fragments. */
  resource: Uint8Array;
  /** The InstrumentationScope message, likewise. */
  scope: Uint8Array;
  /** The Metric message of a data point; empty for other signals. */
  metric: Uint8Array;
  /** The number of the metric's data field, a key of METRIC_DATA; 0 for other signals. */
  data: number;
  /** The number of the item's `attributes` field. */
  attributes: number;
}

/** Whether an item is meant, by what it says itself and what stands around it. Asked with the arguments of `forEachItem`. */
export type ItemWhere = (item: Cursor, around: Around) => boolean;

/** Calls `visit` with the Resource message of every resource, in order. Throws WireError on malformed frames. */
export function forEachResource(signal: Signal, body: Uint8Array, visit: (resource: Uint8Array) => void): void {
  located(signal, body, () => {
    const request = new Cursor(body);
    while (request.next()) if (isResource(request)) visit(merged(request, RESOURCE.resource));
  });
}

/**
 * Calls `visit` for every span, log record or data point, in order: `item` stands on the field that holds it, so
 * `new Cursor(body).enter(item)` reads its fields. Throws WireError on malformed frames.
 */
export function forEachItem(signal: Signal, body: Uint8Array, visit: (item: Cursor, around: Around) => void): void {
  located(signal, body, () => {
    const none = new Uint8Array(0);
    const attributes = signal === "metrics" ? 0 : ITEM_ATTRIBUTES[signal];
    const around: Around = { resource: none, scope: none, metric: none, data: 0, attributes };
    const request = new Cursor(body);
    const resource = new Cursor(body);
    const scope = new Cursor(body);
    const metric = new Cursor(body);
    const data = new Cursor(body);
    const visitPoints = () => {
      around.metric = scope.slice();
      metric.enter(scope);
      while (metric.next()) {
        if (metric.wire !== Wire.bytes || !isMetricData(metric.field)) continue;
        around.data = metric.field;
        around.attributes = METRIC_DATA[metric.field].attributes;
        data.enter(metric);
        while (data.next()) if (isPoint(data)) visit(data, around);
      }
    };
    while (request.next()) {
      if (!isResource(request)) continue;
      around.resource = merged(request, RESOURCE.resource);
      resource.enter(request);
      while (resource.next()) {
        if (!isScope(resource)) continue;
        around.scope = merged(resource, SCOPE.scope);
        scope.enter(resource);
        while (scope.next()) {
          if (!isEntry(scope)) continue;
          if (signal === "metrics") visitPoints();
          else visit(scope, around);
        }
      }
    }
  });
}

/** The bytes of a singular message inside the parent's current value: usually one slice, else the fragments joined. */
export function merged(parent: Cursor, field: number): Uint8Array {
  return joinedFields(new Cursor(parent.bytes).enter(parent), (inside) =>
    inside.is(field, Wire.bytes) ? inside.start : -1,
  );
}

/**
 * The AnyValue bytes of the first attribute with this key in a message whose attributes are fields of number `field`
 * (RESOURCE_ATTRIBUTES for a Resource, `around.attributes` for an item); undefined when it is absent.
 */
export function attributeOf(message: Uint8Array, field: number, key: Uint8Array): Uint8Array | undefined {
  const list = new AttributeList(message);
  const rest = new Cursor(message);
  for (let isMore = true; isMore; ) {
    isMore = list.read(rest, field, SOME_ATTRIBUTES);
    const index = list.find(key);
    if (index >= 0) return list.value(index);
  }
  return undefined;
}
