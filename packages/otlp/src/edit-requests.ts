/** Edits the attributes of every resource, or of every item, of a request: a walk and a list of splices. */
import { AttributeList } from "./attribute-list.ts";
import { Cursor, Wire } from "./cursor.ts";
import type { EditProgram } from "./edit.ts";
import {
  ITEM_ATTRIBUTES,
  isMetricData,
  METRIC_DATA,
  POINTS,
  REQUEST,
  RESOURCE,
  RESOURCE_ATTRIBUTES,
  SCOPE,
} from "./layout.ts";
import { located } from "./locate.ts";
import { runEdits } from "./run-edits.ts";
import type { Signal } from "./signal.ts";
import { Splices } from "./splices.ts";
import { type Around, type ItemWhere, merged } from "./walk.ts";
import { Writer } from "./writer.ts";

/**
 * Runs the edits on the attributes of every Resource. A resource that is absent is the empty one, and is written if an
 * edit gives it an attribute. Returns the same body when nothing changes. Throws WireError on malformed bytes.
 */
export function editResources(signal: Signal, body: Uint8Array, program: EditProgram): Uint8Array {
  return located(signal, body, () => {
    const splices = new Splices();
    const request = new Cursor(body);
    const entry = new Cursor(body);
    const resource = new Cursor(body);
    const list = new AttributeList(body);
    while (request.next()) {
      if (!request.is(REQUEST.resources, Wire.bytes)) continue;
      splices.enter(request);
      entry.enter(request);
      let found = 0;
      let at = 0;
      while (entry.next()) {
        if (!entry.is(RESOURCE.resource, Wire.bytes)) continue;
        if (found++ === 0) at = entry.at;
      }
      if (found === 1) {
        entry.over(at, request.stop).next();
        splices.enter(entry);
        list.read(resource.enter(entry), RESOURCE_ATTRIBUTES);
        runEdits(program, list);
        list.emit(splices, RESOURCE_ATTRIBUTES, entry.stop);
        splices.leave();
      } else editFragments(request, splices, program);
      splices.leave();
    }
    return splices.apply(body);
  });
}

/** Edits a resource that is absent or stands in several fragments, which readers merge: as one, in the first's place. */
function editFragments(request: Cursor, splices: Splices, program: EditProgram): void {
  const fragments: Uint8Array[] = [];
  const entry = new Cursor(request.bytes).enter(request);
  while (entry.next()) if (entry.is(RESOURCE.resource, Wire.bytes)) fragments.push(entry.slice());
  const whole = Buffer.concat(fragments);
  const edited = editAttributes(whole, RESOURCE_ATTRIBUTES, program);
  if (edited === whole) return;
  const field = new Writer(edited.length + 8).bytes(RESOURCE.resource, edited).finish();
  if (fragments.length === 0) splices.replace(request.start, 0, field);
  let chunk = field;
  entry.enter(request);
  while (entry.next()) {
    if (!entry.is(RESOURCE.resource, Wire.bytes)) continue;
    splices.replace(entry.at, entry.stop - entry.at, chunk);
    chunk = new Uint8Array(0);
  }
}

/** Runs the edits on one message whose attributes are fields of number `field`; the same bytes when nothing changes. */
export function editAttributes(message: Uint8Array, field: number, program: EditProgram): Uint8Array {
  const splices = new Splices();
  const list = new AttributeList(message);
  list.read(new Cursor(message), field);
  runEdits(program, list);
  list.emit(splices, field, message.length);
  return splices.apply(message);
}

/**
 * Runs the edits on the attributes of every span, log record or data point (of all five kinds of metric data), or of those
 * for which `where` is true. Returns the same body when nothing changes. Throws WireError on malformed bytes, as far as it
 * reads: values are not looked into.
 */
export function editItems(signal: Signal, body: Uint8Array, program: EditProgram, where?: ItemWhere): Uint8Array {
  return located(signal, body, () => {
    const splices = new Splices();
    const around = where === undefined ? undefined : emptyAround();
    const request = new Cursor(body);
    const resource = new Cursor(body);
    const scope = new Cursor(body);
    const item = new Cursor(body);
    const list = new AttributeList(body);
    const editItem = (field: Cursor, attributes: number) => {
      if (where !== undefined && around !== undefined) {
        around.attributes = attributes;
        if (!where(field, around)) return;
      }
      splices.enter(field);
      list.read(item.enter(field), attributes);
      runEdits(program, list);
      list.emit(splices, attributes, field.stop);
      splices.leave();
    };
    const editMetric = metricEditor(body, splices, around, editItem);
    while (request.next()) {
      if (!request.is(REQUEST.resources, Wire.bytes)) continue;
      splices.enter(request);
      if (around !== undefined) around.resource = merged(request, RESOURCE.resource);
      resource.enter(request);
      while (resource.next()) {
        if (!resource.is(RESOURCE.scopes, Wire.bytes)) continue;
        splices.enter(resource);
        if (around !== undefined) around.scope = merged(resource, SCOPE.scope);
        scope.enter(resource);
        while (scope.next()) {
          if (!scope.is(SCOPE.entries, Wire.bytes)) continue;
          if (signal === "metrics") editMetric(scope);
          else editItem(scope, ITEM_ATTRIBUTES[signal]);
        }
        splices.leave();
      }
      splices.leave();
    }
    return splices.apply(body);
  });
}

function emptyAround(): Around {
  const none = new Uint8Array(0);
  return { resource: none, scope: none, metric: none, data: 0, attributes: 0 };
}

function metricEditor(
  body: Uint8Array,
  splices: Splices,
  around: Around | undefined,
  editItem: (field: Cursor, attributes: number) => void,
) {
  const metric = new Cursor(body);
  const data = new Cursor(body);
  return (field: Cursor) => {
    splices.enter(field);
    if (around !== undefined) around.metric = field.slice();
    metric.enter(field);
    while (metric.next()) {
      if (metric.wire !== Wire.bytes || !isMetricData(metric.field)) continue;
      if (around !== undefined) around.data = metric.field;
      const { attributes } = METRIC_DATA[metric.field];
      splices.enter(metric);
      data.enter(metric);
      while (data.next()) if (data.is(POINTS, Wire.bytes)) editItem(data, attributes);
      splices.leave();
    }
    splices.leave();
  };
}
