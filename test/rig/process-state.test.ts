import { once } from "node:events";
import { type AddressInfo, connect, createServer } from "node:net";
import { expect, test } from "vitest";
import { anonymousBytes, connectionsOf, openFiles } from "./process-state.ts";

test("knows this process", async () => {
  expect(anonymousBytes(process.pid)).toBeGreaterThan(1 << 20);
  expect(openFiles(process.pid)).toBeGreaterThan(3);
  const server = createServer();
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  // A server on TCP has an AddressInfo; only pipes have a string.
  const { port } = server.address() as AddressInfo;
  const socket = connect(port, "127.0.0.1");
  await once(socket, "connect");
  await expect.poll(() => connectionsOf(process.pid)).toContainEqual({ local: socket.localPort, remote: port });
  socket.destroy();
  await new Promise((closed) => server.close(closed));
});

test("a process that is gone has no connections", () => {
  expect(connectionsOf(2 ** 22 + 1)).toEqual([]);
});
