import { accumulateDeltas } from "@rondo/otlp";
import { encodeRequest } from "@rondo/otlp/codec";
import { expect, test } from "vitest";
import { StreamIdentity } from "./stream-identity.ts";

const pair = ([key, value]: readonly [string, string]) => ({ key, value: { stringValue: value } });

interface Named {
  readonly resource?: readonly (readonly [string, string])[];
  readonly scope?: object;
  readonly name?: string;
  readonly unit?: string;
  readonly isMonotonic?: boolean;
  readonly kind?: "sum" | "histogram";
  readonly attributes?: readonly (readonly [string, string])[];
  readonly tenant?: string;
}

function keyOf({
  resource = [],
  scope,
  name = "n",
  unit = "",
  isMonotonic = false,
  kind = "sum",
  attributes = [],
  tenant = "t",
}: Named) {
  const data = {
    aggregationTemporality: 1,
    ...(kind === "sum" && { isMonotonic }),
    dataPoints: [{ attributes: attributes.map(pair) }],
  };
  const scoped = { ...(scope && { scope }), metrics: [{ name, unit, [kind]: data }] };
  const request = { resourceMetrics: [{ resource: { attributes: resource.map(pair) }, scopeMetrics: [scoped] }] };
  const keys: string[] = [];
  const identity = new StreamIdentity(tenant);
  // Lists that are left out are empty ones.
  accumulateDeltas(encodeRequest("metrics", request as never), (point, around) => {
    keys.push(identity.of(point, around));
    return point.slice();
  });
  return keys[0];
}

test("everything that names a stream makes another one of it", () => {
  const named: readonly Named[] = [
    {},
    ...[
      { tenant: "u" },
      { resource: [["a", "1"]] as const },
      { scope: { name: "s" } },
      { scope: { name: "s", version: "1" } },
    ],
    ...[
      { scope: { attributes: [pair(["a", "1"])] } },
      { name: "m" },
      { unit: "s" },
      { isMonotonic: true },
      { kind: "histogram" as const },
    ],
    ...[
      { attributes: [["a", "1"]] as const },
      { attributes: [["a", "2"]] as const },
      { attributes: [["b", "1"]] as const },
    ],
  ];
  const keys = named.map(keyOf);
  expect(new Set(keys).size).toBe(named.length);
  for (const key of keys) expect(key).toHaveLength(16);
});

test("the order of attributes does not", () => {
  const [ab, ba] = [
    ["a", "b"],
    ["b", "a"],
  ].map((names) => names.map((name) => [name, "1"] as const));
  expect(keyOf({ attributes: ab ?? [], resource: ab ?? [] })).toBe(keyOf({ attributes: ba ?? [], resource: ba ?? [] }));
});
