import { expect, test } from "vitest";
import { type BadHead, type CallHead, readHead, readTimeout } from "./grpc-head.ts";

const METHODS = new Map([["/a.B/Export", "logs"]]);

const read = (headers: Record<string, string>): CallHead<string> | BadHead =>
  readHead({ ":method": "POST", ":path": "/a.B/Export", "content-type": "application/grpc", ...headers }, METHODS);

test.each([
  ["application/grpc", true],
  ["application/grpc+proto", true],
  ["application/grpc; charset=utf-8", true],
  ["Application/gRPC", true],
  ["application/grpc+json", false],
  ["application/grpc-web", false],
  ["application/grpcx", false],
  ["", false],
])("content type %j: %s", (contentType, good) => {
  const head = read({ "content-type": contentType });
  if (good) expect(head).toEqual({ method: "logs", compression: undefined, timeoutMs: undefined });
  else expect(head).toEqual({ headers: { ":status": 415 }, outcome: "unsupported" });
});

test.each([
  ["another HTTP method", { ":method": "GET" }, { ":status": 405, allow: "POST" }, "unsupported"],
  ["another path", { ":path": "/a.B/Other" }, { ":status": 200, "grpc-status": "12" }, "not_found"],
  ["a query", { ":path": "/a.B/Export?x" }, { "grpc-status": "12" }, "not_found"],
  [
    "an encoding that nobody knows",
    { "grpc-encoding": "br" },
    { "grpc-status": "12", "grpc-accept-encoding": expect.stringMatching(/^identity,gzip,deflate/) },
    "unsupported",
  ],
  ["an object's own names", { "grpc-encoding": "__proto__" }, { "grpc-status": "12" }, "unsupported"],
  ["a timeout that is none", { "grpc-timeout": "soon" }, { "grpc-status": "13" }, "invalid"],
])("%s is refused", (_, headers, answer, outcome) => {
  expect(read(headers)).toMatchObject({ headers: answer, outcome });
});

test("what the headers say is taken over", () => {
  expect(read({ "grpc-encoding": "gzip", "grpc-timeout": "10S" })).toEqual({
    method: "logs",
    compression: "gzip",
    timeoutMs: 10_000,
  });
  expect(read({ "grpc-encoding": "identity" })).toMatchObject({ compression: undefined });
});

test.each([
  ["1H", 3_600_000],
  ["2M", 120_000],
  ["99999999m", 99_999_999],
  ["1500u", 1.5],
  ["1n", 1e-6],
  ["0S", 0],
  ["", undefined],
  ["S", undefined],
  ["1", undefined],
  ["1s", undefined],
  ["-1S", undefined],
  ["1.5S", undefined],
  [" 1S", undefined],
  ["999999999S", undefined],
])("the timeout %j is %s ms", (text, ms) => {
  expect(readTimeout(text)).toBe(ms);
});
