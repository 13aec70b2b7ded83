import { expect, test } from "vitest";
import { chunk, chunkLines, STALE_BYTES } from "./chunk.cases.ts";
import { encodeRequestV2 } from "./write-request-v2.ts";
import { writtenLines } from "./written.cases.ts";

test("every text stands once, and metadata with every series", () => {
  const message = encodeRequestV2(chunk);
  expect(writtenLines(message)).toEqual([...chunkLines, "TYPE 1 Why. seconds"]);
  expect(Buffer.from(message).toString("latin1").split("x_seconds").length).toBe(2);
});

test("the stale marker has the bits that Prometheus knows", () => {
  expect(Buffer.from(encodeRequestV2(chunk)).includes(STALE_BYTES)).toBe(true);
});
