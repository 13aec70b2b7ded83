import $protobuf from "protobufjs/minimal.js";
import { expect, test } from "vitest";
import "./exact-longs.ts";

test("a reader gives all 64 bits", () => {
  const bytes = Buffer.from("0100000000000080", "hex");
  for (const body of [bytes, new Uint8Array(bytes)]) {
    expect($protobuf.Reader.create(body).fixed64().toString()).toBe("9223372036854775809");
  }
});
