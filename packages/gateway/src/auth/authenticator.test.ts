import { Socket } from "node:net";
import { Fault } from "@rondo/core";
import { expect, test } from "vitest";
import { isIdentity, openToAll } from "./authenticator.ts";

test("without authentication everybody is the default tenant, whatever they say", () => {
  const known = openToAll.authenticate({ authorization: "Bearer x", "x-scope-orgid": "other" }, new Socket());
  expect(known).toEqual({ tenant: "default" });
});

test("a fault is no identity", () => {
  expect(isIdentity({ tenant: "a" })).toBe(true);
  expect(isIdentity(new Fault("forbidden", "no"))).toBe(false);
});
