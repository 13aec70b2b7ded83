/** Edits the attributes of every resource, scope or item of a request: a walk and a list of splices. */
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
  SCOPE_ATTRIBUTES,
} from "./layout.ts";
import { located } from "./locate.ts";
import { MessageEditor } from "./message-editor.ts";
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
    const edit = memberEditor(body, splices, program, RESOURCE.resource, RESOURCE_ATTRIBUTES);
    while (request.next()) if (request.is(REQUEST.resources, Wire.bytes)) edit(request);
    return splices.apply(body);
  });
}

/** The same for the attributes of every InstrumentationScope. */
export function editScopes(signal: Signal, body: Uint8Array, program: EditProgram): Uint8Array {
  return located(signal, body, () => {
    const splices = new Splices();
    const request = new Cursor(body);
    const resource = new Cursor(body);
    const edit = memberEditor(body, splices, program, SCOPE.scope, SCOPE_ATTRIBUTES);
    while (request.next()) {
      if (!request.is(REQUEST.resources, Wire.bytes)) continue;
      splices.enter(request);
      resource.enter(request);
      while (resource.next()) if (resource.is(RESOURCE.scopes, Wire.bytes)) edit(resource);
      splices.leave();
    }
    return splices.apply(body);
  });
}

/** Edits the attributes of the message that is field `member` of the parent's current value. */
function memberEditor(
  body: Uint8Array,
  splices: Splices,
  program: EditProgram,
  member: number,
  attributes: number,
): (parent: Cursor) => void {
  const entry = new Cursor(body);
  const editor = new MessageEditor(body, splices, program);
  return (parent) => {
    splices.enter(parent);
    entry.enter(parent);
    let found = 0;
    let at = 0;
    for (;;) {
      // The children of a resource and of a scope have the same number, and are most of what is there.
      entry.skipRun(SCOPE.entries);
      if (!entry.next()) break;
      if (entry.is(member, Wire.bytes) && found++ === 0) at = entry.at;
    }
    if (found === 1) {
      entry.over(at, parent.stop).next();
      editor.edit(entry, attributes);
    } else editFragments(parent, splices, program, member, attributes);
    splices.leave();
  };
}

/** Edits a message that is absent or stands in several fragments, which readers merge: as one, in the first's place. */
function editFragments(parent: Cursor, splices: Splices, program: EditProgram, member: number, attributes: number) {
  const fragments: Uint8Array[] = [];
  const entry = new Cursor(parent.bytes).enter(parent);
  while (entry.next()) if (entry.is(member, Wire.bytes)) fragments.push(entry.slice());
  const whole = Buffer.concat(fragments);
  const edited = editAttributes(whole, attributes, program);
  if (edited === whole) return;
  const field = new Writer(edited.length + 8).bytes(member, edited).finish();
  if (fragments.length === 0) splices.replace(parent.start, 0, field);
  let chunk = field;
  entry.enter(parent);
  while (entry.next()) {
    if (!entry.is(member, Wire.bytes)) continue;
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
    const editor = new MessageEditor(body, splices, program);
    const editItem = (field: Cursor, attributes: number) => {
      if (where !== undefined && around !== undefined) {
        around.attributes = attributes;
        if (!where(field, around)) return;
      }
      editor.edit(field, attributes);
    };
    const editMetric = metricEditor(body, splices, around, editor, editItem);
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
        for (;;) {
          if (signal !== "metrics" && where === undefined)
            editor.editRun(scope, SCOPE.entries, ITEM_ATTRIBUTES[signal]);
          if (!scope.next()) break;
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
  editor: MessageEditor,
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
      for (;;) {
        if (around === undefined) editor.editRun(data, POINTS, attributes);
        if (!data.next()) break;
        if (data.is(POINTS, Wire.bytes)) editItem(data, attributes);
      }
      splices.leave();
    }
    splices.leave();
  };
}
