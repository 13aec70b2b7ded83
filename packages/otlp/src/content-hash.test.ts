import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { contentHash } from "./content-hash.ts";
import { recorded } from "./request.cases.ts";

test("is SHA-256 of the bytes, wherever in memory they stand", () => {
  const apart = Buffer.concat([Buffer.from("before"), Buffer.from("abc"), Buffer.from("behind")]).subarray(6, 9);
  expect(contentHash(apart)).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  for (const { body } of recorded().slice(0, 20)) {
    expect(contentHash(body)).toBe(createHash("sha256").update(body).digest("hex"));
  }
});
