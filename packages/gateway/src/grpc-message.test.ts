import fc from "fast-check";
import { expect, test } from "vitest";
import { type MessagePrefix, MessageReader } from "./grpc-message.ts";

function framed(message: Uint8Array, flag = 0): Buffer {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt8(flag);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}

const GENEROUS = { admits: () => true, grants: () => true };

/** Cuts bytes at the given places. */
function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const at = [0, ...places.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  return at.slice(1).map((to, i) => bytes.subarray(at[i], to));
}

test("however a message is cut, it comes out whole, and what follows it is counted", () => {
  const bytes = (max: number) => fc.uint8Array({ maxLength: max });
  fc.assert(
    fc.property(
      bytes(300),
      fc.nat(255),
      bytes(20),
      fc.array(fc.nat(), { maxLength: 12 }),
      (message, flag, more, at) => {
        const prefixes: MessagePrefix[] = [];
        const reader = new MessageReader({ admits: (prefix) => prefixes.push(prefix) > 0, grants: () => true });
        expect(reader.begun).toBe(false);
        for (const chunk of cut(Buffer.concat([framed(message, flag), more]), at)) {
          reader.take(chunk);
          // What the reader kept must not hang on to the bytes that it was given.
          chunk.fill(0xee);
        }
        expect(prefixes).toEqual([{ flag, length: message.length }]);
        expect(reader.whole).toEqual(Buffer.from(message));
        expect(reader.beyond).toBe(more.length);
      },
    ),
  );
});

test("a part is no message", () => {
  const bytes = framed(Buffer.from("hello"));
  for (let length = 0; length < bytes.length; length++) {
    const reader = new MessageReader(GENEROUS);
    reader.take(bytes.subarray(0, length));
    expect(reader.whole).toBeUndefined();
    expect(reader.begun).toBe(length > 0);
  }
});

test("a message is read into memory of its size, and only after it was admitted", () => {
  const reader = new MessageReader(GENEROUS);
  reader.take(framed(Buffer.alloc(100)));
  expect(reader.whole?.buffer.byteLength).toBe(100);
  let asked = 0;
  const refused = new MessageReader({ admits: () => ++asked < 0, grants: () => true });
  for (let i = 0; i < 3; i++) refused.take(framed(Buffer.alloc(100)));
  expect([asked, refused.whole, refused.beyond]).toEqual([1, undefined, 0]);
});

test("a length that is declared is believed sixteenfold of what has arrived, and memory is asked for before it is taken", () => {
  const granted: number[] = [];
  const message = Buffer.from(Uint8Array.from({ length: 1 << 20 }, (_, i) => i % 251));
  const bytes = framed(message);
  const reader = new MessageReader({ admits: () => true, grants: (room) => granted.push(room) > 0 });
  reader.take(bytes.subarray(0, 5));
  expect(granted).toEqual([16 << 10]);
  for (let at = 5; at < bytes.length; at += 10_000) {
    reader.take(bytes.subarray(at, at + 10_000));
    expect(granted.at(-1)).toBeLessThanOrEqual(Math.max(16 << 10, 16 * (at + 10_000 - 5)));
  }
  expect(granted).toEqual([16 << 10, 320_000, 1 << 20]);
  expect(reader.whole?.equals(message)).toBe(true);
  expect(reader.whole?.buffer.byteLength).toBe(1 << 20);
});

test("a reader that gets no more memory drops what it has", () => {
  let grants = 1;
  const reader = new MessageReader({ admits: () => true, grants: () => grants-- > 0 });
  const bytes = framed(Buffer.alloc(20_000));
  for (let at = 0; at < bytes.length; at += 1_000) reader.take(bytes.subarray(at, at + 1_000));
  expect([reader.whole, reader.begun, grants]).toEqual([undefined, false, -1]);
});

test("a reader that was stopped keeps nothing", () => {
  const reader = new MessageReader(GENEROUS);
  reader.take(framed(Buffer.alloc(100)).subarray(0, 50));
  reader.stop();
  reader.take(Buffer.alloc(100));
  expect([reader.whole, reader.beyond]).toEqual([undefined, 0]);
});
