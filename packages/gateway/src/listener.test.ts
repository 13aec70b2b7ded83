import { createServer } from "node:net";
import { expect, test } from "vitest";
import { bind } from "./listener.ts";

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
