import http2 from "node:http2";
import { type AddressInfo, connect } from "node:net";
import { systemClock } from "@rondo/core";
import { FakeClock } from "@rondo/testkit";
import { expect, test } from "vitest";
import { grpcServer } from "./grpc-http2.ts";

async function listening(clock = systemClock) {
  const server = grpcServer({}, clock);
  await new Promise<void>((bound) => server.http2.listen(0, "127.0.0.1", bound));
  // A listening TCP server has such an address.
  return { server, port: (server.http2.address() as AddressInfo).port };
}

test("a call may send 4 MiB before anything of it is read, and the replaced function is put back", async () => {
  const create = http2.createServer;
  const { server, port } = await listening();
  expect(http2.createServer).toBe(create);
  const session = http2.connect(`http://127.0.0.1:${port}`);
  const settings = await new Promise<http2.Settings>((seen) => session.once("remoteSettings", seen));
  expect(settings.initialWindowSize).toBe(4 << 20);
  session.destroy();
  await server.close();
});

test("a connection that never says HTTP/2 is cut after the time for it", async () => {
  const clock = new FakeClock();
  const { server, port } = await listening(clock);
  const opened = new Promise<http2.ServerHttp2Session>((seen) => server.http2.once("session", seen));
  const socket = connect(port, "127.0.0.1").on("error", () => {});
  await opened;
  const closed = new Promise((seen) => socket.resume().once("close", seen));
  await clock.advance(10_000);
  await closed;
  expect(clock.pending).toBe(0);
  await server.close();
});

test("a drain tells clients to go elsewhere", async () => {
  const { server, port } = await listening();
  const session = http2.connect(`http://127.0.0.1:${port}`);
  await new Promise((seen) => session.once("remoteSettings", seen));
  const away = new Promise((seen) => session.once("goaway", seen));
  server.drain();
  expect(await away).toBe(http2.constants.NGHTTP2_NO_ERROR);
  session.destroy();
  await server.close();
});
