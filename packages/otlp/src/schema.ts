/** The messages of OTLP as data: what the validator, the paths of errors and OTLP/JSON read. */
import { Wire } from "./cursor.ts";
import { ENUMS, MESSAGES } from "./gen/schema.ts";
import { KeyTable, quoted } from "./key-table.ts";

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

/** How an integer is written. */
export interface IntegerType {
  readonly bits: 32 | 64;
  readonly unsigned: boolean;
  readonly zigzag: boolean;
  readonly fixed: boolean;
}

const signed = { unsigned: false, zigzag: false, fixed: false };
const unsigned = { ...signed, unsigned: true };
const INTEGERS: Readonly<Record<Exclude<Scalar, "string" | "bytes" | "bool" | "double"> | "enum", IntegerType>> = {
  enum: { ...signed, bits: 32 },
  int32: { ...signed, bits: 32 },
  sint32: { ...signed, bits: 32, zigzag: true },
  uint32: { ...unsigned, bits: 32 },
  fixed32: { ...unsigned, bits: 32, fixed: true },
  int64: { ...signed, bits: 64 },
  uint64: { ...unsigned, bits: 64 },
  fixed64: { ...unsigned, bits: 64, fixed: true },
  sfixed64: { ...signed, bits: 64, fixed: true },
};

function isInteger(kind: string): kind is keyof typeof INTEGERS {
  return Object.hasOwn(INTEGERS, kind);
}

/** One field of a message. */
export interface Field {
  readonly number: number;
  /** lowerCamelCase, as in OTLP/JSON. */
  readonly name: string;
  /** The name in quotes. */
  readonly quoted: DataView;
  /** Unlike that of every other field and message; small. */
  readonly id: number;
  readonly kind: Scalar | "enum" | "message";
  readonly wire: number;
  readonly repeated: boolean;
  /** At most one field of the message that is marked so is set: the last on the wire. */
  readonly oneof: boolean;
  /** Whether zero, false and empty are the same as absent: a scalar that is neither optional nor in a oneof. */
  readonly implicit: boolean;
  /** Of a message. */
  readonly message: Message | undefined;
  /** Of an integer or enum. */
  readonly integer: IntegerType | undefined;
  /** Of an enum: its numbers by name. */
  readonly numbers: ReadonlyMap<string, number> | undefined;
}

/** One message type. */
export interface Message {
  readonly name: string;
  /** Unlike that of every other message and field; small. */
  readonly id: number;
  /** By field number, with holes. */
  readonly fields: readonly (Field | undefined)[];
  readonly byName: ReadonlyMap<string, Field>;
  /** By name in the bytes of JSON. */
  readonly byKey: KeyTable<Field>;
}

function isScalar(type: string): type is Scalar {
  return Object.hasOwn(SCALARS, type);
}

interface OpenMessage extends Message {
  readonly fields: (Field | undefined)[];
  readonly byName: Map<string, Field>;
  byKey: KeyTable<Field>;
}

function build(): ReadonlyMap<string, Message> {
  const open = new Map<string, OpenMessage>();
  let id = 0;
  for (const name of Object.keys(MESSAGES)) {
    open.set(name, { name, id: id++, fields: [], byName: new Map(), byKey: new KeyTable<Field>([]) });
  }
  for (const [name, rows] of Object.entries(MESSAGES)) {
    const message = open.get(name);
    for (const [number, fieldName, type, label] of rows) {
      const target = open.get(type);
      const implicit = label === undefined && target === undefined;
      const kind = target ? "message" : isScalar(type) ? type : "enum";
      // Every property on every field: objects of one shape are read fastest.
      const field: Field = {
        number,
        name: fieldName,
        quoted: quoted(fieldName),
        id: id++,
        kind,
        wire: kind === "message" ? Wire.bytes : kind === "enum" ? Wire.varint : SCALARS[kind],
        repeated: label === "repeated",
        oneof: label === "oneof",
        implicit,
        message: target,
        integer: isInteger(kind) ? INTEGERS[kind] : undefined,
        numbers: kind === "enum" ? numbersOf(type) : undefined,
      };
      if (message === undefined) continue;
      message.fields[number] = field;
      message.byName.set(fieldName, field);
    }
    if (message) message.byKey = new KeyTable(message.byName.values());
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
