import { sampleBatch } from "@rondo/testkit/exporter-contract";
import { expect, test } from "vitest";
import { tenantHeader } from "./tenant-header.ts";

test("a tenant is named, and nobody is not", () => {
  expect(tenantHeader({ ...sampleBatch("metrics"), tenant: "hospital-1" })).toEqual({ "x-scope-orgid": "hospital-1" });
  expect(tenantHeader(sampleBatch("metrics"))).toEqual({});
});
