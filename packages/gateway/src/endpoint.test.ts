import { createServer } from "node:net";
import { expect, test } from "vitest";
import { bindAddress, endpointText, listenFault, parseEndpoint } from "./endpoint.ts";
import { bind } from "./listener.ts";

test.each([
  ["0.0.0.0:4317", { host: "0.0.0.0", port: 4317 }],
  ["localhost:0", { host: "localhost", port: 0 }],
  [":4318", { port: 4318 }],
  ["[::1]:4317", { host: "::1", port: 4317 }],
  ["/run/rondo/otlp.sock", { path: "/run/rondo/otlp.sock" }],
  ["./otlp.sock", { path: "./otlp.sock" }],
])("%s is an endpoint and reads back", (written, parsed) => {
  expect(parseEndpoint(written)).toEqual(parsed);
  expect(endpointText(parsed)).toBe(written);
});

test.each(["4317", "localhost", "http://localhost:4318", "a:b:1", "a:65536", "a:4317/v1", ""])(
  "%j is none",
  (written) => {
    expect(parseEndpoint(written)).toBeUndefined();
  },
);

test("localhost is bound on IPv4 whatever the resolver prefers", () => {
  expect(bindAddress({ host: "localhost", port: 1 })).toEqual({ host: "127.0.0.1", port: 1 });
});

test("a port in use and a foreign address are explained with their key", async () => {
  const server = createServer();
  const { port } = await bind(server, { host: "127.0.0.1", port: 0 }, "k");
  await expect(
    bind(createServer(), { host: "127.0.0.1", port }, "receivers::otlp::protocols::grpc::endpoint"),
  ).rejects.toMatchObject({
    code: "startup",
    message: `receivers::otlp::protocols::grpc::endpoint: 127.0.0.1:${port} is in use by another process; stop that one or choose another port`,
  });
  server.close();
  await expect(bind(createServer(), { host: "192.0.2.1", port: 0 }, "k")).rejects.toThrow(
    /not an address of this machine/,
  );
});

test("a missing right names the port's number as the reason", () => {
  const thrown = Object.assign(new Error("listen EACCES"), { code: "EACCES" });
  expect(listenFault(thrown, { port: 80 }, "k").message).toBe(
    "k: no permission to listen on :80; choose a port above 1023, or run with the right to bind low ports",
  );
});
