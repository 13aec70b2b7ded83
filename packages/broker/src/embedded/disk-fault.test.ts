import { Fault } from "@rondo/core";
import { expect, test } from "vitest";
import { diskFault } from "./disk-fault.ts";
import { systemError } from "./faulty-file-system.cases.ts";

test.each([
  ["ENOSPC", "disk_full"],
  ["EDQUOT", "disk_full"],
  ["EFBIG", "disk_full"],
  ["EMFILE", "unavailable"],
  ["EIO", "unavailable"],
  ["EROFS", "unavailable"],
  ["ENOENT", "unavailable"],
  ["ESTALE", "unavailable"],
])("%s is %s, and the message names the place", (code, fault) => {
  expect(diskFault(systemError(code), "/data/journal")).toMatchObject({
    code: fault,
    message: expect.stringContaining("/data/journal"),
  });
});

test("a Fault stays itself; anything else is unavailable", () => {
  const fault = new Fault("corrupt", "as it was");
  expect(diskFault(fault, "/data")).toBe(fault);
  expect(diskFault("text", "/data")).toMatchObject({ code: "unavailable", message: "/data: text" });
});
