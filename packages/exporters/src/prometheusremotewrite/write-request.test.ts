import { expect, test } from "vitest";
import { chunk, chunkLines, STALE_BYTES } from "./chunk.cases.ts";
import { encodeWriteRequest } from "./write-request.ts";
import { writtenLines } from "./written.cases.ts";

test("labels are spelled out, and metadata stands at the end where it is asked for", () => {
  expect(writtenLines(encodeWriteRequest(chunk, false))).toEqual(chunkLines);
  expect(writtenLines(encodeWriteRequest(chunk, true))).toEqual([...chunkLines, "TYPE 1 x_seconds Why. seconds"]);
});

test("the stale marker has the bits that Prometheus knows", () => {
  expect(Buffer.from(encodeWriteRequest(chunk, false)).includes(STALE_BYTES)).toBe(true);
});
