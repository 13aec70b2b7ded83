/** Edits of attributes as the Collector's attributes and resource processors have them, compiled for the wire. */
import { keyValue } from "./any-value.ts";
import { ConstantInserts } from "./constant-inserts.ts";
import { Wire } from "./cursor.ts";
import { Writer } from "./writer.ts";

/** Where the value of an insert, update or upsert comes from: AnyValue bytes, or another attribute of the same list. */
export type EditSource =
  | { readonly value: Uint8Array; readonly fromAttribute?: never }
  | { readonly fromAttribute: string; readonly value?: never };

/** Which attributes a delete or hash means: one key, all keys that match, or both. */
export type EditTarget =
  | { readonly key: string; readonly matches?: (key: string) => boolean }
  | { readonly key?: never; readonly matches: (key: string) => boolean };

/**
 * One edit of an attribute list. Edits run in order; each sees what the ones before it did.
 *
 * - insert: sets the key if it is absent. update: if it is present. upsert: always. Without its source attribute, nothing.
 * - delete: removes. hash: replaces by SHA-256 in hex (ints and doubles as 8 bytes little-endian, false and true as one
 *   byte, an empty string and values that are no scalar give ""). Both take every attribute of the key, should it repeat.
 * - convert: string → int or double where it reads as one, numbers and booleans into each other, anything → string. What
 *   does not convert stays.
 * - extract: `extract` gets the value of `key` if it is a string, and returns the attributes to set, or undefined.
 *
 * Where a key repeats, which OTLP forbids, its first attribute is the one that is read and set, as in the Collector.
 */
export type Edit =
  | ({ readonly action: "insert" | "update" | "upsert"; readonly key: string } & EditSource)
  | ({ readonly action: "delete" | "hash" } & EditTarget)
  | { readonly action: "convert"; readonly key: string; readonly to: "int" | "double" | "string" }
  | {
      readonly action: "extract";
      readonly key: string;
      readonly extract: (value: string) => readonly (readonly [key: string, value: string])[] | undefined;
    };

/** A constant attribute, with its field encoded once per field number that attributes have somewhere in OTLP. */
export class Constant {
  readonly key: Uint8Array;
  /** AnyValue bytes. */
  readonly value: Uint8Array;
  readonly #pair: Uint8Array;
  readonly #fields: Uint8Array[] = [];

  constructor(key: Uint8Array, value: Uint8Array) {
    this.key = key;
    this.value = value;
    this.#pair = keyValue(key, value);
  }

  /** Tag, length and KeyValue for a list of attributes with this field number. */
  field(number: number): Uint8Array {
    const known = this.#fields[number];
    if (known !== undefined) return known;
    const made = new Writer(this.#pair.length + 8).tag(number, Wire.bytes).varint(this.#pair.length).raw(this.#pair);
    const field = made.finish();
    this.#fields[number] = field;
    return field;
  }
}

/** An insert, update or upsert with its key as bytes: from a constant or from another attribute. */
export interface SetStep {
  readonly action: "insert" | "update" | "upsert";
  readonly key: Uint8Array;
  readonly constant: Constant | undefined;
  readonly from: Uint8Array | undefined;
}

/** A delete or hash with its key as bytes. */
export interface EachStep {
  readonly action: "delete" | "hash";
  readonly key: Uint8Array | undefined;
  readonly matches: ((key: string) => boolean) | undefined;
}

/** An edit with its key as bytes and its constant encoded. */
export type Step =
  | SetStep
  | EachStep
  | { readonly action: "convert"; readonly key: Uint8Array; readonly to: "int" | "double" | "string" }
  | {
      readonly action: "extract";
      readonly key: Uint8Array;
      readonly extract: (value: string) => readonly (readonly [key: string, value: string])[] | undefined;
    };

/** Compiled edits. Make once with `compileEdits`, run on any number of requests. */
export interface EditProgram {
  readonly steps: readonly Step[];
  /** The same, where they are nothing but inserts of constants. */
  readonly inserts: ConstantInserts | undefined;
}

const utf8 = new TextEncoder();

/** Compiles edits. They are taken as they are; whether a configuration makes sense is for its reader to say. */
export function compileEdits(edits: readonly Edit[]): EditProgram {
  const steps = edits.map(compile);
  return { steps, inserts: ConstantInserts.of(steps) };
}

function compile(edit: Edit): Step {
  switch (edit.action) {
    case "delete":
    case "hash": {
      const { action, matches } = edit;
      return { action, key: edit.key === undefined ? undefined : utf8.encode(edit.key), matches };
    }
    case "convert":
      return { action: "convert", key: utf8.encode(edit.key), to: edit.to };
    case "extract":
      return { action: "extract", key: utf8.encode(edit.key), extract: edit.extract };
    default: {
      const { action } = edit;
      const key = utf8.encode(edit.key);
      return edit.fromAttribute === undefined
        ? { action, key, constant: new Constant(key, edit.value), from: undefined }
        : { action, key, constant: undefined, from: utf8.encode(edit.fromAttribute) };
    }
  }
}
