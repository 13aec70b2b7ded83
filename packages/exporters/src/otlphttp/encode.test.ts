import { inflateSync, zstdDecompressSync } from "node:zlib";
import { countItems } from "@rondo/otlp";
import { requestFromJson } from "@rondo/otlp/json";
import { expect, test } from "vitest";
import { encodeBody } from "./encode.ts";

const json = '{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"stringValue":"hi"}}]}]}]}';
const body = requestFromJson("logs", Buffer.from(json));
const batch = { signal: "logs", tenant: "default", items: countItems("logs", body), body } as const;

test("protobuf without compression goes out as the very bytes that came in", async () => {
  const encoded = await encodeBody(batch, { encoding: "proto", compression: "none" });
  expect(encoded?.body).toBe(body);
  expect(encoded?.headers).toEqual({ "content-type": "application/x-protobuf", "content-length": body.byteLength });
});

test.each([
  ["zstd", zstdDecompressSync],
  ["deflate", inflateSync],
  ["zlib", inflateSync],
] as const)("%s is named and can be undone", async (compression, inflate) => {
  const encoded = await encodeBody(batch, { encoding: "proto", compression });
  expect(encoded?.headers["content-encoding"]).toBe(compression);
  expect(inflate(encoded?.body ?? new Uint8Array(0))).toEqual(Buffer.from(body));
});

test("JSON is OTLP/JSON; bytes that are none give no body", async () => {
  const encoded = await encodeBody(batch, { encoding: "json", compression: "none" });
  expect(encoded?.headers["content-type"]).toBe("application/json");
  expect(requestFromJson("logs", encoded?.body ?? new Uint8Array(0))).toEqual(body);
  const broken = { ...batch, body: Uint8Array.of(0x0a, 0xff) };
  expect(await encodeBody(broken, { encoding: "json", compression: "gzip" })).toBeUndefined();
});
