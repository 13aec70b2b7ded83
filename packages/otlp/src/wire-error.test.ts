import { expect, test } from "vitest";
import { WireError } from "./wire-error.ts";

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
