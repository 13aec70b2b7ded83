/** The table of messages squeezed into numbers, one per message and field, so that the validator's loop reads arrays only. */
import { Wire } from "./cursor.ts";
import { MESSAGES } from "./gen/schema.ts";
import { type Field, messageOf } from "./schema.ts";

/** How many field numbers a message may use; OTLP's highest is 16. */
export const FIELD_LIMIT = 32;

/** What a field asks of its value, beside its wire type. */
export const Check = {
  none: 0,
  /** A message: the id is in `CHILDREN`. */
  message: 1,
  /** A name that Rondo or a backend reads: UTF-8. */
  name: 2,
  /** A trace or span id that may be missing. */
  optionalTraceId: 3,
  optionalSpanId: 4,
  /** The ids of a span: the right length and not zero. */
  traceId: 5,
  spanId: 6,
  /** Repeated numbers, which may also come packed. */
  packedVarints: 7,
  packedFixed64: 8,
} as const;

/** Strings that are names. Other strings are values: whatever bytes they are, they are passed on. */
const NAMES = new Set([
  "KeyValue.key",
  "InstrumentationScope.name",
  "InstrumentationScope.version",
  "Span.name",
  "Span.Event.name",
  "Metric.name",
  "Metric.unit",
  "LogRecord.severityText",
  "LogRecord.eventName",
]);

const IDS: Readonly<Record<string, number>> = {
  "Span.traceId": Check.traceId,
  "Span.spanId": Check.spanId,
  "Span.parentSpanId": Check.optionalSpanId,
  "Span.Link.traceId": Check.optionalTraceId,
  "Span.Link.spanId": Check.optionalSpanId,
  "LogRecord.traceId": Check.optionalTraceId,
  "LogRecord.spanId": Check.optionalSpanId,
  "Exemplar.traceId": Check.optionalTraceId,
  "Exemplar.spanId": Check.optionalSpanId,
};

const names = Object.keys(MESSAGES);

/** By message id and field number: 0 for an unknown field, else 1 + wire type + 8 × check. */
export const CODES = new Uint8Array(names.length * FIELD_LIMIT);
/** By message id and field number: the id of the message that is the field's value. */
export const CHILDREN = new Uint8Array(names.length * FIELD_LIMIT);

/** What no tag is. */
export const NO_TAG = -1;
/** By message id: the tag of its list of KeyValues, which its attributes are; NO_TAG without one. */
export const PAIR_TAGS = new Int16Array(names.length).fill(NO_TAG);

/** What the own fields of an item look like in nearly every request: a tag of one byte and, if they have one, a length of one byte. */
export const Usual = {
  /** Nothing of the below: the codes say what to do. */
  none: 0,
  varint: 1,
  fixed64: 2,
  /** Bytes that are passed over: values, and messages inside the item. */
  bytes: 3,
  fixed32: 4,
  name: 5,
  traceId: 6,
  spanId: 7,
  /** The first byte of a tag of two, the second being FLAGS_BYTE: Span.flags, a fixed32. */
  flags: 8,
  optionalTraceId: 9,
  optionalSpanId: 10,
} as const;

/** How many first bytes of a tag there are. */
export const TAGS = 256;
/** By message id and first byte of a tag. */
export const USUAL = new Uint8Array(names.length * TAGS);
/** The second byte of the tag of Span.flags, whose field number is 16. */
export const FLAGS_BYTE = 1;

const USUAL_OF_CHECK: Readonly<Record<number, number>> = {
  [Check.message]: Usual.bytes,
  [Check.name]: Usual.name,
  [Check.traceId]: Usual.traceId,
  [Check.spanId]: Usual.spanId,
  [Check.optionalTraceId]: Usual.optionalTraceId,
  [Check.optionalSpanId]: Usual.optionalSpanId,
};
const USUAL_OF_WIRE: Readonly<Record<number, number>> = {
  [Wire.varint]: Usual.varint,
  [Wire.fixed64]: Usual.fixed64,
  [Wire.bytes]: Usual.bytes,
  [Wire.fixed32]: Usual.fixed32,
};

/** The id of a message in the tables above. */
export function messageId(name: string): number {
  return names.indexOf(messageOf(name).name);
}

for (const [id, name] of names.entries()) {
  for (const field of messageOf(name).fields) {
    if (field === undefined) continue;
    const slot = id * FIELD_LIMIT + field.number;
    const check = checkOf(`${name}.${field.name}`, field);
    CODES[slot] = 1 + field.wire + 8 * check;
    if (field.number < 16) {
      const usual = check === Check.none ? USUAL_OF_WIRE[field.wire] : USUAL_OF_CHECK[check];
      USUAL[id * TAGS + field.number * 8 + field.wire] = usual ?? Usual.none;
    } else if (field.number === 16 && field.wire === Wire.fixed32) USUAL[id * TAGS + 0x80 + field.wire] = Usual.flags;
    if (field.message !== undefined) CHILDREN[slot] = messageId(field.message.name);
    if (field.message?.name === "KeyValue") PAIR_TAGS[id] = field.number * 8 + field.wire;
  }
}

function checkOf(path: string, field: Field): number {
  if (field.kind === "message") return Check.message;
  if (field.repeated && field.kind !== "string") return field.wire === 1 ? Check.packedFixed64 : Check.packedVarints;
  return NAMES.has(path) ? Check.name : (IDS[path] ?? Check.none);
}
