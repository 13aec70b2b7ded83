import { Readable } from "node:stream";
import { gzipSync } from "node:zlib";
import { requestFromJson } from "@rondo/otlp/json";
import { describe, expect, test } from "vitest";
import { canonical } from "./canonical.ts";
import { decodeBody, inflate, MAX_BODY, readWhole } from "./request.ts";

test("a stream is read whole up to the limit and refused one byte beyond it", async () => {
  const chunks = () => Readable.from([Buffer.from("abc"), Buffer.from("de")]);
  expect(String(await readWhole(chunks(), 5))).toBe("abcde");
  await expect(readWhole(chunks(), 4)).rejects.toMatchObject({ code: "too_large" });
});

describe("inflating", () => {
  test("nothing to do for no encoding and identity", async () => {
    const body = Buffer.from("x");
    for (const encoding of [undefined, "", "identity"]) expect(await inflate(encoding, body)).toBe(body);
  });
  test("gzip, also of several members", async () => {
    expect(String(await inflate("gzip", Buffer.concat([gzipSync("a"), gzipSync("b")])))).toBe("ab");
  });
  test("a bomb is refused at the limit", async () => {
    await expect(inflate("gzip", gzipSync(Buffer.alloc(MAX_BODY + 1)))).rejects.toMatchObject({ code: "too_large" });
  });
  test("what is not gzip, or another encoding, is refused", async () => {
    await expect(inflate("gzip", Buffer.from("x"))).rejects.toMatchObject({ code: "invalid" });
    await expect(inflate("zstd", Buffer.from("x"))).rejects.toMatchObject({ code: "unsupported" });
  });
});

test("both encodings of a request decode to the same message", () => {
  const json = Buffer.from(
    '{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"timeUnixNano":"18446744073709551615"}]}]}]}',
  );
  const protobuf = Buffer.from(requestFromJson("logs", json));
  expect(canonical(decodeBody("logs", "json", json))).toBe(canonical(decodeBody("logs", "protobuf", protobuf)));
  expect(canonical(decodeBody("logs", "json", json))).toContain("timeUnixNano:18446744073709551615");
});
