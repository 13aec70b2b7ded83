/** Damage to protobuf that knows fields: lengths that lie, numbers that are too long, wrong types, depth, counts, foreign pieces. */
import { between } from "../rig/random.ts";
import { BYTE_MUTATIONS, type Mutation } from "./mutate-bytes.ts";
import {
  bytesField,
  copies,
  type FieldPath,
  nestedFields,
  pickField,
  replaceField,
  varint,
  WIRE,
  type WireField,
} from "./wire-fields.ts";

/** What a mutation of fields is given. */
interface Picked {
  readonly bytes: Uint8Array;
  readonly path: FieldPath;
  readonly field: WireField;
  readonly random: () => number;
  readonly other: Uint8Array;
}

/** Puts `fresh` in the place of the picked field: mostly with true lengths around it, so that what is deep inside is reached. */
function put({ bytes, path, field, random }: Picked, fresh: Uint8Array): Uint8Array {
  if (random() < 0.8) return replaceField(bytes, path, fresh);
  return Buffer.concat([bytes.subarray(0, field.at), fresh, bytes.subarray(field.stop)]);
}

function onField(change: (picked: Picked) => Uint8Array): Mutation {
  return (bytes, random, other) => {
    const path = pickField(bytes, random);
    const field = path.at(-1);
    return field === undefined ? bytes : change({ bytes, path, field, random, other });
  };
}

const one = <T>(list: readonly T[], random: () => number, otherwise: T): T =>
  list[between(random, 0, list.length)] ?? otherwise;

const whole = ({ bytes, field }: Picked) => bytes.subarray(field.at, field.stop);
const value = ({ bytes, field }: Picked) => bytes.subarray(field.start, field.stop);
const tag = ({ bytes, field }: Picked) => bytes.subarray(field.at, field.lengthAt);

const NUMBERS = [0, 1, 127, 128, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1];
const FIELD_NUMBERS = [0, 1, 2, 3, 5, 15, 16, 18999, 19000, 2 ** 28, 2 ** 29 - 1, 2 ** 29, 2 ** 40];
const BROKEN_TEXTS = ["ff", "c080", "eda080", "f4908080", "e2 82", "80", "00", "0d0a5365742d", "efbbbf"].map((hex) =>
  Buffer.from(hex.replaceAll(" ", ""), "hex"),
);
const HOSTILE_KEYS = ["__proto__", "constructor", "toString", "", "\u0000", "service.name", "\r\nX: y"].map((key) =>
  Buffer.from(key),
);
/** AnyValue.array_value and its values; AnyValue.kvlist_value, its values, and KeyValue.value. */
const NESTINGS: readonly (readonly number[])[] = [
  [5, 1],
  [6, 1, 2],
];

const FIELD_MUTATIONS: Readonly<Record<string, Mutation>> = {
  "lie about a length": onField((picked) => {
    const { random, field } = picked;
    const length = field.stop - field.start;
    const lies = [0, length + 1, length - 1, length * 2, between(random, 0, 1 << 16), ...NUMBERS];
    return put(picked, Buffer.concat([tag(picked), varint(Math.max(0, one(lies, random, 0))), value(picked)]));
  }),
  "overlong number": onField((picked) => {
    const { random, field } = picked;
    const pad = one([1, 2, 5, 8, 9, 10, 11, 40], random, 1);
    const length = field.stop - field.start;
    if (random() < 0.5) {
      const number = varint(field.number * 8 + field.wire, pad);
      return put(picked, Buffer.concat([number, picked.bytes.subarray(field.lengthAt, field.stop)]));
    }
    if (field.wire === WIRE.bytes) {
      return put(picked, Buffer.concat([tag(picked), varint(length, pad), value(picked)]));
    }
    return put(picked, Buffer.concat([tag(picked), varint(one(NUMBERS, random, 0), pad)]));
  }),
  "another wire type": onField((picked) => {
    const { random, field, bytes } = picked;
    const other = varint(field.number * 8 + between(random, 0, 8));
    return put(picked, Buffer.concat([other, bytes.subarray(field.lengthAt, field.stop)]));
  }),
  "another field number": onField((picked) => {
    const { random, field, bytes } = picked;
    const number = random() < 0.5 ? between(random, 1, 20) : one(FIELD_NUMBERS, random, 0);
    return put(picked, Buffer.concat([varint(number * 8 + field.wire), bytes.subarray(field.lengthAt, field.stop)]));
  }),
  "another number": onField((picked) => {
    const { random, field } = picked;
    if (field.wire === WIRE.varint) return put(picked, Buffer.concat([tag(picked), varint(one(NUMBERS, random, 0))]));
    const edges = [0, 0xff, 0x80, 0x7f];
    const filled = Buffer.alloc(field.stop - field.start, one(edges, random, 0));
    return put(picked, Buffer.concat([picked.bytes.subarray(field.at, field.start), filled]));
  }),
  "another value": onField((picked) => {
    const { random, field } = picked;
    const texts = one([BROKEN_TEXTS, HOSTILE_KEYS], random, BROKEN_TEXTS);
    return put(picked, bytesField(field.number, one(texts, random, Buffer.alloc(0))));
  }),
  "another length of an id": onField((picked) => {
    const { random, field } = picked;
    const fill = between(random, 0, 2);
    return put(picked, bytesField(field.number, Buffer.alloc(one([0, 1, 7, 8, 9, 15, 16, 17, 64], random, 0), fill)));
  }),
  "repeat a field": onField((picked) => {
    const { random } = picked;
    const piece = whole(picked);
    const most = Math.max(2, Math.floor((64 << 10) / Math.max(1, piece.length)));
    const times = random() < 0.9 ? between(random, 2, 6) : between(random, 2, Math.min(most, 5_000));
    return put(picked, copies(piece, times));
  }),
  "drop a field": onField((picked) => put(picked, Buffer.alloc(0))),
  "split a message": onField((picked) => {
    // What is set twice in proto3 is merged: a resource may come in fragments.
    const { random, field } = picked;
    const inside = value(picked);
    const at = between(random, 0, inside.length + 1);
    const halves = [inside.subarray(0, at), inside.subarray(at)];
    return put(picked, Buffer.concat(halves.map((half) => bytesField(field.number, half))));
  }),
  "swap two fields": (bytes, random, other) => {
    const path = pickField(bytes, random);
    const field = path.at(-1);
    const second = pickField(other, random).at(-1);
    if (field === undefined || second === undefined) return bytes;
    return replaceField(bytes, path, other.subarray(second.at, second.stop));
  },
  "a field of another request": onField((picked) => {
    const { random, other } = picked;
    const foreign = pickField(other, random).at(-1);
    if (foreign === undefined) return picked.bytes;
    return put(picked, Buffer.concat([whole(picked), other.subarray(foreign.at, foreign.stop)]));
  }),
  nest: onField((picked) => {
    const { random, field } = picked;
    const depth = one([1, 5, 30, 31, 32, 33, 34, 64, 100, 1_000], random, 1);
    const kind = one(NESTINGS, random, [5, 1]);
    const numbers = Array.from({ length: depth }, () => kind).flat();
    return put(picked, nestedFields([field.number, ...numbers], random() < 0.5 ? value(picked) : Buffer.alloc(0)));
  }),
  "nest itself": onField((picked) => {
    const { random, field } = picked;
    const depth = one([1, 3, 40, 120, 1_000], random, 1);
    return put(
      picked,
      nestedFields(
        Array.from({ length: depth }, () => field.number),
        value(picked),
      ),
    );
  }),
  "wrap in groups": onField((picked) => {
    const { random } = picked;
    const depth = one([1, 2, 100, 3_000], random, 1);
    const number = between(random, 1, 16) * 8;
    const edge = (wire: number) => Buffer.alloc(depth, number + wire);
    const closed = random() < 0.6 ? edge(WIRE.endGroup) : Buffer.alloc(0);
    return put(picked, Buffer.concat([edge(WIRE.startGroup), whole(picked), closed]));
  }),
  "very many empty ones": onField((picked) => {
    const { random, field } = picked;
    const empty = bytesField(field.number, Buffer.alloc(0));
    const times = one([1, 10, 100, 5_000], random, 10);
    return put(picked, Buffer.concat([whole(picked), copies(empty, times)]));
  }),
  "very many numbers": onField((picked) => {
    const { random, field } = picked;
    const count = one([1, 7, 8, 9, 1_000, 10_000], random, 1);
    return put(picked, bytesField(field.number, Buffer.alloc(count, between(random, 0, 256))));
  }),
};

/** Every way to damage a protobuf request, by name. */
export const WIRE_MUTATIONS: Readonly<Record<string, Mutation>> = { ...BYTE_MUTATIONS, ...FIELD_MUTATIONS };
