import { expect, test } from "vitest";
import { SizeError, WireError } from "./wire-error.ts";

test("says what is wrong, and where", () => {
  expect(new WireError("group", 7).message).toBe("group at byte 7");
  expect(new WireError("group", 7, "resourceLogs[0]")).toMatchObject({
    name: "WireError",
    message: "resourceLogs[0]: group at byte 7",
    problem: "group",
    offset: 7,
    path: "resourceLogs[0]",
  });
});

test("a result that is too large names the limit", () => {
  expect(new SizeError(20)).toMatchObject({ limit: 20, message: "the request exceeds the limit of 20 B in protobuf" });
});
