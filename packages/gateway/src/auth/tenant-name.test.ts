import { expect, test } from "vitest";
import { place } from "../rig.cases.ts";
import { tenantName } from "./tenant-name.ts";

const read = (raw: unknown) => {
  const said: string[] = [];
  return [tenantName("Doc.").read(raw, place("tenant", said)), ...said];
};

test.each(["site-a", "a", "Hospital_3.north*(old)'!", "x".repeat(150)])("%s may be a tenant", (name) => {
  expect(read(name)).toEqual([name]);
});

test.each(["", ".", "..", "a b", "a\r\nX-Admin: 1", "a|b", "a/b", "ünï", "x".repeat(151), 7, {}])(
  "%j may not: it would become part of headers, keys and labels",
  (name) => {
    const [value, said] = read(name);
    expect(value).toBeUndefined();
    expect(said).toMatch(/^tenant: must name a tenant by 1 to 150 letters/);
    if (typeof name === "string" && name.includes("\r")) expect(said).not.toContain("Admin");
  },
);
