import type { Socket } from "node:net";
import { PassThrough } from "node:stream";
import { decodeStatus } from "@rondo/otlp";
import { expect, test } from "vitest";
import { encodingOf } from "./http-answer.ts";
import { answerGarbage } from "./http-garbage.ts";

/** What is written for an error of that code, and how it ended. */
async function answered(code: string, type?: string) {
  const stream = new PassThrough();
  // Of a socket only what every stream has is used.
  const socket = stream as unknown as Socket;
  const outcome = answerGarbage(Object.assign(new Error("no"), { code }), socket, encodingOf(type));
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

test("in the encoding of the body that did not come it is a Status", async () => {
  const json = await answered("ERR_HTTP_REQUEST_TIMEOUT", "application/json");
  expect(JSON.parse(json.written.toString().split("\r\n\r\n")[1] ?? "")).toEqual({
    code: 3,
    message: "408 Request Timeout",
  });
  const { written } = await answered("ERR_HTTP_REQUEST_TIMEOUT", "application/x-protobuf");
  expect(decodeStatus(written.subarray(written.indexOf("\r\n\r\n") + 4))).toMatchObject({ code: 3 });
});

test.each(["ERR_SSL_HTTP_REQUEST", "ERR_TLS_HANDSHAKE_TIMEOUT", "ECONNRESET"])("%s is not answered", (code) => {
  const stream = new PassThrough();
  // Of a socket only what every stream has is used.
  const socket = stream as unknown as Socket;
  expect(answerGarbage(Object.assign(new Error("no"), { code }), socket, undefined)).toBeUndefined();
  expect([stream.destroyed, stream.readableLength]).toEqual([true, 0]);
});

test("a socket that is gone is left", async () => {
  const stream = new PassThrough();
  stream.destroy();
  // Of a socket only what every stream has is used.
  const socket = stream as unknown as Socket;
  expect(answerGarbage(new Error("no"), socket, undefined)).toBeUndefined();
  expect(stream.readableLength).toBe(0);
});
