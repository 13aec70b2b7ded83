import { createServer, request as httpRequest, type IncomingMessage } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { systemClock } from "@rondo/core";
import { expect, test } from "vitest";
import { admission } from "./admission.ts";
import { type Received, readBody } from "./http-body.ts";
import type { Intake } from "./intake.ts";
import { readingTurns } from "./reading-turns.ts";

const BODY = Buffer.from(Array.from({ length: 300_000 }, (_, i) => i % 251));

/** Sends `parts` one by one to a server that reads the body, and returns what it read and what it held meanwhile. */
async function received(parts: readonly Buffer[], headers: Record<string, string | number>) {
  const account = admission(1 << 20, systemClock);
  // readBody asks an intake for nothing else unless it refuses, which these bodies give no reason for.
  const intake = { admission: account } as unknown as Intake;
  const { promise, resolve } = Promise.withResolvers<Received>();
  const server = createServer((request: IncomingMessage, response) => {
    const bounds = {
      limit: 1 << 20,
      intake,
      turns: readingTurns(systemClock),
      tenant: "a",
      expect: (bytes: number) => bytes,
      admitted: () => {},
    };
    readBody(request, bounds).then((read) => {
      resolve(read);
      response.end();
    });
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  // A listening TCP server has such an address.
  const { port } = server.address() as AddressInfo;
  const out = httpRequest({ port, host: "127.0.0.1", method: "POST", headers, agent: false });
  out.flushHeaders();
  for (const part of parts) await new Promise((written) => out.write(part, written));
  out.end();
  const read = await promise;
  await new Promise((closed) => server.close(closed));
  if (read === undefined || !("body" in read)) throw new Error("no body was read");
  const held = account.inUse;
  read.permit.release();
  return { body: read.body, held, left: account.inUse };
}

const cut = (...at: readonly number[]) =>
  [0, ...at].map((start, index) => BODY.subarray(start, at[index] ?? BODY.length));

test.each([
  ["in one piece", [BODY.subarray(0, 1_000)]],
  ["in many", cut(1, 2, 3, 70_000, 250_000)],
  ["in blocks", cut(100, 100 + (64 << 10), 100 + (128 << 10), 101 + (128 << 10))],
  ["that is empty", []],
])("a body %s is whole, with its length declared or without", async (_, parts) => {
  const whole = Buffer.concat(parts);
  const declared = await received(parts, { "content-length": whole.length });
  expect(declared.body.equals(whole)).toBe(true);
  expect([declared.held, declared.left]).toEqual([whole.length, 0]);
  const chunked = await received(parts, { "transfer-encoding": "chunked" });
  expect(chunked.body.equals(whole)).toBe(true);
  expect(chunked.held).toBeGreaterThanOrEqual(whole.length);
  expect(chunked.left).toBe(0);
});

test("chunks of a byte cost what they hold, and nothing for being many", async () => {
  const account = admission(1 << 30, systemClock);
  // readBody asks an intake for nothing else unless it refuses, which these bodies give no reason for.
  const intake = { admission: account } as unknown as Intake;
  const { promise, resolve } = Promise.withResolvers<Received>();
  let arrived = 0;
  const server = createServer((request: IncomingMessage) => {
    const bounds = { limit: 1 << 20, intake, turns: readingTurns(systemClock), tenant: "a", admitted: () => {} };
    resolve(readBody(request, { ...bounds, expect: (bytes: number) => bytes }));
    request.on("data", () => arrived++);
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  // A listening TCP server has such an address.
  const { port } = server.address() as AddressInfo;
  setFlagsFromString("--expose-gc");
  const collect: () => void = runInNewContext("gc");
  collect();
  const { heapUsed } = process.memoryUsage();
  const socket = connect(port, "127.0.0.1");
  socket.write("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
  socket.write("1\r\na\r\n".repeat(200_000));
  await expect.poll(() => arrived).toBe(200_000);
  collect();
  expect(process.memoryUsage().heapUsed - heapUsed).toBeLessThan(8 << 20);
  socket.end("0\r\n\r\n");
  expect(await promise).toMatchObject({ body: Buffer.alloc(200_000, "a") });
  socket.destroy();
  await new Promise((closed) => server.close(closed));
});

test("headers that declare a large body hold credits for little of it, and more as it comes", async () => {
  const account = admission(1 << 30, systemClock);
  // readBody asks an intake for nothing else unless it refuses, which these bodies give no reason for.
  const intake = { admission: account } as unknown as Intake;
  const { promise, resolve } = Promise.withResolvers<Received>();
  const server = createServer((request: IncomingMessage) => {
    const turns = readingTurns(systemClock);
    const expected = (bytes: number) => bytes * 10;
    resolve(readBody(request, { limit: 64 << 20, intake, turns, tenant: "a", expect: expected, admitted: () => {} }));
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  // A listening TCP server has such an address.
  const { port } = server.address() as AddressInfo;
  const headers = { "content-length": 20 << 20 };
  const out = httpRequest({ port, host: "127.0.0.1", method: "POST", headers, agent: false });
  out.on("error", () => {});
  out.flushHeaders();
  await expect.poll(() => account.inUse).toBeGreaterThan(0);
  expect(account.inUse).toBe(640 << 10);
  out.write(Buffer.alloc(200_000));
  await expect.poll(() => account.inUse).toBeGreaterThan(640 << 10);
  expect(account.inUse).toBeLessThanOrEqual(200_000 * 160);
  out.destroy();
  expect(await promise).toBeUndefined();
  expect(account.inUse).toBe(0);
  await new Promise((closed) => server.close(closed));
});
