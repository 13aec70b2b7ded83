import { Fault } from "@rondo/core";
import { expect, test } from "vitest";
import { redisFault } from "./redis-fault.ts";

const reply = (message: string) => Object.assign(new Error(message), { name: "ReplyError" });

test.each([
  [reply("OOM command not allowed when used memory > 'maxmemory'."), "unavailable", "OOM command"],
  [reply("LOADING Redis is loading the dataset in memory"), "unavailable", "LOADING"],
  [reply("NOPERM this user has no permissions"), "config", "NOPERM"],
  [reply("WRONGPASS invalid username-password pair"), "config", "check user, password"],
  [reply("WRONGTYPE Operation against a key"), "rejected", "WRONGTYPE"],
  [new Error("Command timed out"), "unavailable", "timed out"],
  [Object.assign(new Error(""), { code: "ECONNREFUSED" }), "unavailable", "ECONNREFUSED"],
  ["odd", "unavailable", "odd"],
])("%s is %s", (thrown, code, said) => {
  const fault = redisFault(thrown, "redis:6379");
  expect(fault.code).toBe(code);
  expect(fault.message).toContain("redis at redis:6379");
  expect(fault.message).toContain(said);
});

test("a fault stays itself", () => {
  const fault = new Fault("config", "evicts");
  expect(redisFault(fault, "redis:6379")).toBe(fault);
});
