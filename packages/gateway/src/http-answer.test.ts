import type { ServerResponse } from "node:http";
import { Fault } from "@rondo/core";
import { decodeResponse, decodeStatus } from "@rondo/otlp";
import { expect, test } from "vitest";
import { encodingOf, writeAnswer, writeHttpOnly } from "./http-answer.ts";

/** What is written of a response: status, headers and body. */
function written(write: (response: ServerResponse) => void) {
  const headers: Record<string, unknown> = {};
  const reply = { status: 0, headers, body: Buffer.alloc(0) };
  const response = {
    setHeader: (name: string, value: unknown) => void Object.assign(headers, { [name]: value }),
    writeHead(status: number, given: object) {
      reply.status = status;
      Object.assign(headers, given);
    },
    end: (body: Uint8Array | string = "") => {
      reply.body = Buffer.from(body);
    },
  };
  // The three members above are all that an answer uses.
  write(response as unknown as ServerResponse);
  expect(reply.headers["Content-Length"]).toBe(reply.body.length);
  return reply;
}

const encoding = (type: string) => {
  const found = encodingOf(type);
  if (found === undefined) throw new Error(`no encoding ${type}`);
  return found;
};
const PROTOBUF = encoding("application/x-protobuf");
const JSON_TYPE = encoding("Application/JSON; charset=utf-8");

test("a media type is found in any case and with parameters, and nothing else is", () => {
  expect([PROTOBUF.name, JSON_TYPE.name]).toEqual(["protobuf", "json"]);
  expect(["text/plain", "", undefined, "application/jsonx"].map(encodingOf)).toEqual([
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
});

test("full and partial success are 200 in the request's encoding", () => {
  const full = { kind: "accepted", items: 3, rejected: 0, message: "" } as const;
  expect(written((response) => writeAnswer(response, full, PROTOBUF, "logs"))).toMatchObject({ status: 200 });
  const part = { kind: "accepted", items: 2, rejected: 1, message: "ünwell" } as const;
  const reply = written((response) => writeAnswer(response, part, PROTOBUF, "logs"));
  expect(decodeResponse(reply.body)).toEqual({ rejected: 1, message: "ünwell" });
  const json = written((response) => writeAnswer(response, part, JSON_TYPE, "logs"));
  expect(JSON.parse(json.body.toString())).toEqual({
    partialSuccess: { rejectedLogRecords: "1", errorMessage: "ünwell" },
  });
});

test("a refusal is a Status, with the wait in whole seconds as Retry-After", () => {
  const refused = { kind: "refused", fault: new Fault("unavailable", "busy"), afterMs: 1_200 } as const;
  const reply = written((response) => writeAnswer(response, refused, PROTOBUF, "logs"));
  expect(reply).toMatchObject({ status: 503, headers: { "Retry-After": 2, "Content-Type": PROTOBUF.contentType } });
  expect(decodeStatus(reply.body)).toMatchObject({ code: 14, message: "busy", retryDelayMs: 1_200 });
  const final = { kind: "refused", fault: new Fault("invalid", "no") } as const;
  expect(written((response) => writeAnswer(response, final, PROTOBUF, "logs")).headers).not.toHaveProperty(
    "Retry-After",
  );
});

test("what is none of OTLP's is answered as text when its type is none either", () => {
  const text = written((response) => writeHttpOnly(response, 415, "415 no", undefined));
  expect(text).toMatchObject({ status: 415, headers: { "Content-Type": "text/plain; charset=utf-8" } });
  const json = written((response) => writeHttpOnly(response, 404, "404 no", JSON_TYPE));
  expect(JSON.parse(json.body.toString())).toMatchObject({ code: 12, message: "404 no" });
});
