import { Agent } from "node:http";
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
