import { Agent } from "node:http";
import { createServer } from "node:net";
import { stubHttp } from "@rondo/testkit/exporter-contract";
import { expect, test, vi } from "vitest";
import { post } from "./post.ts";

test("an endless answer is cut at the limit, and its connection is gone", async () => {
  const stub = await stubHttp();
  stub.behave({ kind: "endless" });
  const agent = new Agent({ keepAlive: true });
  const url = new URL(`http://127.0.0.1:${stub.port}/v1/traces`);
  const answer = await post(
    { url, headers: {}, body: new Uint8Array(0), agent, limit: 1_000 },
    new AbortController().signal,
  );
  expect([answer.statusCode, answer.body.length, answer.cut]).toEqual([503, 1_000, true]);
  await vi.waitFor(() => expect(stub.connections).toBe(0));
  await stub.stop();
});

test("tells of an answer whether the system has all of the request", async () => {
  const stub = await stubHttp();
  const agent = new Agent({ keepAlive: true });
  const url = new URL(`http://127.0.0.1:${stub.port}/v1/traces`);
  const sent = await post(
    { url, headers: {}, body: Buffer.alloc(10), agent, limit: 1_000 },
    new AbortController().signal,
  );
  expect(sent.isSent).toBe(true);
  await stub.stop();
  // Answers at once and reads nothing.
  const server = createServer((socket) => {
    socket.pause();
    socket.on("error", () => {});
    socket.write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" ? address?.port : 0;
  const body = Buffer.alloc(32 << 20);
  const early = await post(
    { url: new URL(`http://127.0.0.1:${port}/`), headers: {}, body, agent, limit: 1_000 },
    new AbortController().signal,
  );
  expect([early.statusCode, early.isSent]).toEqual([200, undefined]);
  agent.destroy();
  server.close();
});
