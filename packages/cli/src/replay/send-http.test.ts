import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { encodeResponse, encodeStatus } from "@rondo/otlp";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Outgoing, Sender, Sent } from "./send.ts";
import { httpSender } from "./send-http.ts";

const NOW = Date.UTC(2026, 0, 1);
const request: Outgoing = { signal: "logs", body: Buffer.from("body"), wire: Buffer.from("wire"), encoding: "gzip" };
const never = new AbortController().signal;

let answer: (request: IncomingMessage, response: ServerResponse) => void;
let close: () => Promise<void>;
let sender: Sender;
beforeEach(async () => {
  const server = createServer((incoming, response) => {
    incoming.resume();
    incoming.on("end", () => answer(incoming, response));
  });
  await new Promise<void>((resolve) => server.listen({ host: "127.0.0.1", port: 0 }, resolve));
  // A server that listens on TCP has an AddressInfo.
  const { port } = server.address() as AddressInfo;
  sender = httpSender(new URL(`http://127.0.0.1:${port}/prefix/`), () => NOW);
  close = () =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
});
afterEach(async () => {
  sender.close();
  await close();
});

test("a request goes to the signal's path below the prefix, as compressed as it says", async () => {
  let seen: object = {};
  answer = ({ url, method, headers }, response) => {
    seen = {
      url,
      method,
      type: headers["content-type"],
      encoding: headers["content-encoding"],
      length: headers["content-length"],
    };
    response.end();
  };
  expect(await sender.send(request, never)).toEqual({ kind: "acked", rejected: 0, message: "" });
  expect(seen).toEqual({
    url: "/prefix/v1/logs",
    method: "POST",
    type: "application/x-protobuf",
    encoding: "gzip",
    length: "4",
  });
});

describe("what each answer means", () => {
  const refusal = encodeStatus({ code: 3, message: "no" });
  const cases: Record<
    string,
    [status: number, headers: Record<string, string>, body: Uint8Array | undefined, sent: Sent]
  > = {
    "partial success": [
      200,
      {},
      encodeResponse("logs", { rejected: 2, message: "old" }),
      { kind: "acked", rejected: 2, message: "old" },
    ],
    "429 with seconds": [429, { "retry-after": "3" }, undefined, { kind: "retry", why: "HTTP 429", afterMs: 3000 }],
    "503 with a date": [
      503,
      { "retry-after": new Date(NOW + 7000).toUTCString() },
      undefined,
      { kind: "retry", why: "HTTP 503", afterMs: 7000 },
    ],
    "502 with nonsense": [502, { "retry-after": "soon" }, undefined, { kind: "retry", why: "HTTP 502" }],
    "504": [504, {}, undefined, { kind: "retry", why: "HTTP 504" }],
    "400 with words": [
      400,
      { "content-type": "application/x-protobuf" },
      refusal,
      { kind: "refused", why: "HTTP 400: no" },
    ],
    "500": [500, { "content-type": "text/html" }, Buffer.from("<html>"), { kind: "refused", why: "HTTP 500" }],
  };
  for (const [what, [status, headers, body, sent]] of Object.entries(cases)) {
    test(what, async () => {
      answer = (_, response) => response.writeHead(status, headers).end(body);
      expect(await sender.send(request, never)).toEqual(sent);
    });
  }
});

test("no answer is another try: a cut connection, and an answer that is no response", async () => {
  answer = (_, response) => response.socket?.destroy();
  expect(await sender.send(request, never)).toMatchObject({
    kind: "retry",
    why: expect.stringMatching(/^no answer: ./),
  });
  answer = (_, response) => response.writeHead(200).end(Buffer.from([0x0a, 0xff]));
  expect((await sender.send(request, never)).kind).toBe("retry");
});

test("an abort ends a try that hangs", async () => {
  answer = () => {};
  expect((await sender.send(request, AbortSignal.timeout(30))).kind).toBe("retry");
});
