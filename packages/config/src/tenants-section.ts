/** Reads `tenants:`: how much each tenant may send to a gateway, and what its part is when there is not enough for all. */
import { duration, group, integer, map, optional, readFields, type ValuesOf } from "@rondo/core";
import type { TreePlace } from "./findings.ts";
import type { TenantLimits, TenantsSettings } from "./graph.ts";
import { docsAsGroup, rawValue } from "./raw-value.ts";
import { size } from "./size.ts";
import { isNothing } from "./tree.ts";

const BYTES = { min: "0", max: "1024GiB", example: "10MiB" };
const ITEMS = { max: 1e12 };
const WEIGHT = { min: 1, max: 100 };
const AS_LIMITS = "As under limits, and what stands there when absent.";

/** The fields of `tenants:`. */
export const tenantsFields = {
  limits: group("What each tenant may send to one gateway; above it clients are asked to come back (429, throttled).", {
    items_per_second: integer("Spans, metrics or log records a second, averaged; 0 is no limit.", 0, ITEMS),
    bytes_per_second: size("Bytes a second, averaged, of requests after decompression; 0 is no limit.", "0", BYTES),
    burst: duration("How much may come at once after a silence: this long at the rate.", "2s"),
    weight: integer("Its part of memory and of the log when several tenants want more than there is.", 1, WEIGHT),
  }),
  overrides: map(
    "Other limits for single tenants, by name.",
    group("Those of one tenant.", {
      items_per_second: optional(integer(AS_LIMITS, undefined, ITEMS)),
      bytes_per_second: optional(size(AS_LIMITS, undefined, BYTES)),
      burst: optional(duration(AS_LIMITS)),
      weight: optional(integer(AS_LIMITS, undefined, WEIGHT)),
    }),
    new Map(),
  ),
};

const BURST_LEAST_MS = 100;
const BURST_MOST_MS = 3_600_000;

/** The settings of tenants; undefined when there is no section, or after a problem. */
export function readTenants(place: TreePlace): TenantsSettings | undefined {
  if (place.node === undefined || isNothing(place.node)) return undefined;
  const values = readFields(tenantsFields, rawValue(place.node, docsAsGroup(tenantsFields)), place);
  if (values === undefined) return undefined;
  const checked = (at: TreePlace, { burst, ...rates }: Values): TenantLimits => {
    if (burst < BURST_LEAST_MS || burst > BURST_MOST_MS) at.at("burst").problem("must be from 100ms to 1h");
    const { items_per_second: itemsPerSecond, bytes_per_second: bytesPerSecond, weight } = rates;
    return { itemsPerSecond, bytesPerSecond, burstMs: burst, weight };
  };
  const overrides = [...values.overrides].map(([tenant, given]) => {
    const { limits } = values;
    const whole = {
      items_per_second: given.items_per_second ?? limits.items_per_second,
      bytes_per_second: given.bytes_per_second ?? limits.bytes_per_second,
      burst: given.burst ?? limits.burst,
      weight: given.weight ?? limits.weight,
    };
    return [tenant, checked(place.down("overrides", tenant), whole)] as const;
  });
  return { limits: checked(place.at("limits"), values.limits), overrides: new Map(overrides) };
}

type Values = ValuesOf<typeof tenantsFields>["limits"];
