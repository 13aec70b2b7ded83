import { once } from "node:events";
import { connect, createServer } from "node:net";
import { silentLog } from "@rondo/core";
import { FakeClock } from "@rondo/testkit";
import { expect, test } from "vitest";
import { bind, outliveErrors } from "./listener.ts";

test("a bound server has the address that it was given, or a free port", async () => {
  const server = createServer();
  const { address, port } = await bind(server, { host: "127.0.0.1", port: 0 }, "k");
  expect(address).toBe("127.0.0.1");
  expect(port).toBeGreaterThan(0);
  // What fails later is no longer a failure to bind.
  expect(server.listenerCount("error")).toBe(0);
  server.close();
});

test("one that cannot be bound says which key, and leaves nothing listening", async () => {
  const taken = createServer();
  const { port } = await bind(taken, { host: "127.0.0.1", port: 0 }, "first");
  const second = createServer();
  await expect(bind(second, { host: "127.0.0.1", port }, "receivers::otlp::x")).rejects.toMatchObject({
    code: "startup",
    message: expect.stringMatching(/^receivers::otlp::x: /),
  });
  expect(second.listening).toBe(false);
  taken.close();
});

test("one that fails later goes on, and says so once a minute", async () => {
  const clock = new FakeClock();
  const told: unknown[] = [];
  const log = { ...silentLog, error: (_: string, fields?: object) => void told.push(fields) };
  const server = createServer();
  const { port } = await bind(server, { host: "127.0.0.1", port: 0 }, "k");
  outliveErrors(server, { key: "k", clock, log });
  const fail = () => server.emit("error", new Error("accept ENFILE"));
  for (let i = 0; i < 3; i++) fail();
  await clock.advance(60_000);
  fail();
  expect(told).toEqual([0, 2].map((passedOver) => ({ key: "k", reason: "accept ENFILE", passedOver })));
  const client = connect(port, "127.0.0.1");
  await once(server, "connection");
  client.destroy();
  server.close();
});
