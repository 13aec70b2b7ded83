/** The messages of OTLP as data: what the validator, the paths of errors and OTLP/JSON read. */
import { Wire } from "./cursor.ts";
import { ENUMS, MESSAGES } from "./gen/schema.ts";

/** Scalar types of protobuf as OTLP uses them, each with its wire type. */
export const SCALARS = {
  string: Wire.bytes,
  bytes: Wire.bytes,
  bool: Wire.varint,
  int32: Wire.varint,
  uint32: Wire.varint,
  sint32: Wire.varint,
  int64: Wire.varint,
  uint64: Wire.varint,
  fixed32: Wire.fixed32,
  fixed64: Wire.fixed64,
  sfixed64: Wire.fixed64,
  double: Wire.fixed64,
} as const;

/** The name of a scalar type. */
export type Scalar = keyof typeof SCALARS;

/** One field of a message. */
export interface Field {
  readonly number: number;
  /** lowerCamelCase, as in OTLP/JSON. */
  readonly name: string;
  readonly kind: Scalar | "enum" | "message";
  readonly wire: number;
  readonly repeated: boolean;
  /** At most one field of the message that is marked so is set: the last on the wire. */
  readonly oneof: boolean;
  /** Whether zero, false and empty are the same as absent: a scalar that is neither optional nor in a oneof. */
  readonly implicit: boolean;
  /** Of a message. */
  readonly message?: Message;
  /** Of an enum: its numbers by name. */
  readonly numbers?: ReadonlyMap<string, number>;
}

/** One message type. */
export interface Message {
  readonly name: string;
  /** By field number, with holes. */
  readonly fields: readonly (Field | undefined)[];
  readonly byName: ReadonlyMap<string, Field>;
}

function isScalar(type: string): type is Scalar {
  return Object.hasOwn(SCALARS, type);
}

function build(): ReadonlyMap<string, Message> {
  const open = new Map<string, { name: string; fields: (Field | undefined)[]; byName: Map<string, Field> }>();
  for (const name of Object.keys(MESSAGES)) open.set(name, { name, fields: [], byName: new Map() });
  for (const [name, rows] of Object.entries(MESSAGES)) {
    const message = open.get(name);
    for (const [number, fieldName, type, label] of rows) {
      const target = open.get(type);
      const implicit = label === undefined && target === undefined;
      const common = { number, name: fieldName, repeated: label === "repeated", oneof: label === "oneof", implicit };
      const field: Field = target
        ? { ...common, kind: "message", wire: Wire.bytes, message: target }
        : isScalar(type)
          ? { ...common, kind: type, wire: SCALARS[type] }
          : { ...common, kind: "enum", wire: Wire.varint, numbers: numbersOf(type) };
      if (message === undefined) continue;
      message.fields[number] = field;
      message.byName.set(fieldName, field);
    }
  }
  return open;
}

function numbersOf(type: string): ReadonlyMap<string, number> {
  const values = ENUMS[type.replace(/^enum /, "")];
  if (values === undefined) throw new Error(`gen/schema.ts names ${type} but does not have it`);
  return new Map(Object.entries(values));
}

const messages = build();

/** A message by its name below its package, such as `Span.Event`. Throws for a name that OTLP does not have. */
export function messageOf(name: string): Message {
  const message = messages.get(name);
  if (message === undefined) throw new Error(`no message ${name} in gen/schema.ts`);
  return message;
}

const IDS = new Set(["traceId", "spanId", "parentSpanId"]);

/** Whether a field of bytes is a trace or span id: in hex in OTLP/JSON, where all other bytes are base64. */
export function isId(field: Field): boolean {
  return IDS.has(field.name);
}
