import { expect, test } from "vitest";
import { Findings, TreePlace } from "./findings.ts";
import { readYaml } from "./read-yaml.ts";
import { readTenants } from "./tenants-section.ts";

function read(yaml: string) {
  const findings = new Findings();
  const tree = readYaml("etc/rondo.yaml", yaml, (message) => findings.problem("", message));
  const settings = readTenants(new TreePlace(tree, findings).at("tenants"));
  return { settings, problems: findings.problems.map(({ path, message }) => `${path}: ${message}`) };
}

const NONE = { itemsPerSecond: 0, bytesPerSecond: 0, burstMs: 2_000, weight: 1 };

test("without the section nobody is limited", () => {
  expect(read("a: 1").settings).toBeUndefined();
  expect(read("tenants:").settings).toBeUndefined();
  expect(read("tenants: {}").settings).toEqual({ limits: NONE, overrides: new Map() });
});

test("an override is complete: what it leaves out stands under limits", () => {
  const { settings, problems } = read(`
tenants:
  limits: {items_per_second: 1000, bytes_per_second: 2MiB, burst: 5s}
  overrides: {site-a: {items_per_second: 0, weight: 3}, __proto__: {burst: 1s}}
`);
  expect(problems).toEqual([]);
  const limits = { itemsPerSecond: 1000, bytesPerSecond: 2 << 20, burstMs: 5_000, weight: 1 };
  expect(settings).toEqual({
    limits,
    overrides: new Map([
      ["site-a", { ...limits, itemsPerSecond: 0, weight: 3 }],
      ["__proto__", { ...limits, burstMs: 1_000 }],
    ]),
  });
});

test.each([
  ["{limits: {burst: 0s}}", "tenants::limits::burst: must be from 100ms to 1h"],
  ["{overrides: {a: {burst: 2h}}}", "tenants::overrides::a::burst: must be from 100ms to 1h"],
  [
    "{limits: {bytes_per_second: 2MB}}",
    "tenants::limits::bytes_per_second: must be a size from 0 to 1024GiB, such as 10MiB",
  ],
  ["{overrides: {a: {weight: 0}}}", "tenants::overrides::a::weight: must be a whole number from 1 to 100"],
  [
    "{limits: {items: 1}}",
    "tenants::limits::items: unknown key; known: burst, bytes_per_second, items_per_second, weight",
  ],
])("%s is refused", (yaml, problem) => {
  expect(read(`tenants: ${yaml}`).problems).toEqual([expect.stringContaining(problem)]);
});
