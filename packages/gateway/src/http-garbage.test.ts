import type { Socket } from "node:net";
import { PassThrough } from "node:stream";
import type { Fault } from "@rondo/core";
import { decodeStatus } from "@rondo/otlp";
import { expect, test } from "vitest";
import { encodingOf } from "./http-answer.ts";
import { answerGarbage } from "./http-garbage.ts";

/** What is written for an error of that code, and how it ended. */
async function answered(code: string, type?: string) {
  const stream = new PassThrough();
  // Of a socket only what every stream has is used.
  const socket = stream as unknown as Socket;
  const encoding = encodingOf(type);
  const intake = { refuse: (fault: Fault) => ({ kind: "refused", fault, afterMs: 2_500 }) as const };
  const outcome = answerGarbage(Object.assign(new Error("no"), { code }), socket, encoding && { encoding, intake });
  const written: Buffer[] = [];
  for await (const chunk of stream.iterator({ destroyOnReturn: false })) written.push(chunk);
  return { outcome, written: Buffer.concat(written) };
}

test.each([
  ["HPE_INVALID_METHOD", "400 Bad Request", "invalid"],
  ["HPE_HEADER_OVERFLOW", "431 Request Header Fields Too Large", "invalid"],
  ["HPE_CHUNK_EXTENSIONS_OVERFLOW", "413 Payload Too Large", "invalid"],
  ["ERR_HTTP_REQUEST_TIMEOUT", "408 Request Timeout", "aborted"],
])("%s is answered %s in plain text", async (code, message, outcome) => {
  const answer = await answered(code);
  expect(answer.outcome).toBe(outcome);
  expect(answer.written.toString()).toBe(
    `HTTP/1.1 ${message}\r\nConnection: close\r\nContent-Type: text/plain; charset=utf-8\r\n` +
      `Content-Length: ${message.length}\r\n\r\n${message}`,
  );
});

test("over a body it is a Status in its encoding", async () => {
  const json = await answered("HPE_CHUNK_EXTENSIONS_OVERFLOW", "application/json");
  expect(JSON.parse(json.written.toString().split("\r\n\r\n")[1] ?? "")).toEqual({
    code: 8,
    message: "413 Payload Too Large",
  });
  const { written } = await answered("HPE_INVALID_CHUNK_SIZE", "application/x-protobuf");
  expect(decodeStatus(written.subarray(written.indexOf("\r\n\r\n") + 4))).toMatchObject({ code: 3 });
});

test("a body that is late may come again, since the gateway may have been too busy to read it", async () => {
  const { written, outcome } = await answered("ERR_HTTP_REQUEST_TIMEOUT", "application/x-protobuf");
  expect(outcome).toBe("aborted");
  expect(written.toString("latin1")).toMatch(
    /^HTTP\/1.1 503 Service Unavailable\r\nConnection: close\r\nRetry-After: 3\r\n/,
  );
  expect(decodeStatus(written.subarray(written.indexOf("\r\n\r\n") + 4))).toMatchObject({
    code: 14,
    retryDelayMs: 2_500,
  });
});

test("a socket that is gone is left", async () => {
  const stream = new PassThrough();
  stream.destroy();
  // Of a socket only what every stream has is used.
  const socket = stream as unknown as Socket;
  expect(answerGarbage(new Error("no"), socket, undefined)).toBeUndefined();
  expect(stream.readableLength).toBe(0);
});
