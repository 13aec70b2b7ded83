import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import fc from "fast-check";
import { expect, test } from "vitest";
import { Frames, socketFactory, writePieces } from "./framed-socket.ts";

const framed = (body: Uint8Array) => {
  const head = Buffer.alloc(4);
  head.writeInt32BE(body.length);
  return Buffer.concat([head, body]);
};

test("answers come out whole, however they were cut on their way", () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ maxLength: 40 })),
      fc.array(fc.integer({ min: 1, max: 30 })),
      (bodies, cuts) => {
        const sent = Buffer.concat(bodies.map(framed));
        const seen: Buffer[] = [];
        const frames = new Frames((frame) => seen.push(frame));
        const read = Buffer.alloc(64);
        for (let at = 0, turn = 0; at < sent.length; turn++) {
          const length = Math.min(cuts[turn % Math.max(1, cuts.length)] ?? 7, sent.length - at);
          // The same memory every time: nothing that was taken may point into it.
          sent.copy(read, 0, at, at + length);
          frames.take(read.subarray(0, length));
          read.fill(0xee);
          at += length;
        }
        expect(Buffer.concat(seen)).toEqual(sent);
        expect(seen).toHaveLength(bodies.length);
      },
    ),
  );
});

test("a length that cannot be is refused with a way out", () => {
  const frames = new Frames(() => undefined);
  expect(() => frames.take(Buffer.from("HTTP/1.1 400"))).toThrow(/is the port a Kafka broker's/);
});

/** A server that answers whatever it is sent with one frame of it. */
async function echo() {
  const server = createServer((socket) => socket.on("data", (chunk: Buffer) => socket.write(framed(chunk))));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  // A server that listens on a port has an address with a port.
  return { server, port: (server.address() as AddressInfo).port };
}

test("a socket writes pieces as one and hands over whole answers, each in memory of its own", async () => {
  const { server, port } = await echo();
  const make = socketFactory();
  // kafkajs hands over null for no TLS, whatever its types say.
  const socket = make({ host: "127.0.0.1", port, ssl: null as never, onConnect: () => undefined });
  const answers: Buffer[] = [];
  socket.on("data", (frame: Buffer) => answers.push(frame));
  await once(socket, "connect");
  writePieces(socket, [Buffer.from("one "), Buffer.from("two")]);
  await expect.poll(() => answers.length).toBe(1);
  writePieces(socket, [Buffer.from("three")]);
  await expect.poll(() => answers.length).toBe(2);
  expect(answers).toEqual([framed(Buffer.from("one two")), framed(Buffer.from("three"))]);
  socket.destroy();
  server.close();
});

test("what is no Kafka broker breaks the socket", async () => {
  const server = createServer((socket) => socket.end("HTTP/1.1 400 Bad Request"));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  // A server that listens on a port has an address with a port.
  const { port } = server.address() as AddressInfo;
  const socket = socketFactory()({ host: "127.0.0.1", port, ssl: null as never, onConnect: () => undefined });
  const [error] = await once(socket, "error");
  expect(String(error)).toContain("Kafka broker");
  server.close();
});
