import { describe, expect, test } from "vitest";
import { lookUp, spellings } from "./catalogue.ts";
import { FAKE_TYPES } from "./fake-types.cases.ts";
import { PLANNED, plannedOnly } from "./planned.ts";
import { rawValue } from "./raw-value.ts";
import { readYaml } from "./read-yaml.ts";

const extent = (type: string, yaml: string) =>
  PLANNED.find((one) => one.kind === "receiver" && spellings(one).includes(type))?.extent?.(
    rawValue(readYaml("f", yaml, () => {})),
  );

describe("the table", () => {
  test("names each type of a kind once, as a component id allows", () => {
    for (const kind of ["receiver", "processor", "exporter", "extension", "connector"]) {
      const names = PLANNED.filter((one) => one.kind === kind).flatMap(spellings);
      expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
      expect(names.filter((name) => !/^[a-z][0-9a-z_]*$/.test(name))).toEqual([]);
    }
  });

  test("has what holds data back marked", () => {
    const protecting = PLANNED.filter(({ protects }) => protects).map(({ kind, type }) => `${kind} ${type}`);
    for (const type of ["redaction", "filter", "transform", "tail_sampling"])
      expect(protecting).toContain(`processor ${type}`);
    expect(protecting.filter((one) => /^(?:receiver|exporter|extension)/.test(one))).toEqual([]);
  });

  test("gives way to what is built", () => {
    expect(plannedOnly(FAKE_TYPES, "exporter").map(({ type }) => type)).toEqual(["prometheus"]);
  });
});

describe("extents", () => {
  test.each([
    [
      "config: {scrape_configs: [{static_configs: [{targets: [a, b]}]}, {static_configs: [{targets: [c]}]}]}",
      "3 targets",
    ],
    [
      "config: {scrape_configs: [{static_configs: [{targets: [a]}], kubernetes_sd_configs: []}]}",
      "1 target and 1 service discovery",
    ],
    ["config: {scrape_configs: [{file_sd_configs: []}, {http_sd_configs: []}]}", "2 service discoveries"],
    ["config: {scrape_configs: 7}", undefined],
    ["[]", undefined],
  ])("prometheus with %s", (yaml, expected) => {
    expect(extent("prometheus", yaml)).toBe(expected);
  });

  test("of others", () => {
    expect(extent("filelog", "include: [a, b]")).toBe("2 paths");
    expect(extent("host_metrics", "scrapers: {cpu: }")).toBe("1 scraper");
    expect(extent("hostmetrics", "")).toBeUndefined();
  });
});

describe("looking up", () => {
  test.each([
    ["receivers", "otlp", "built"],
    ["exporters", "otlp", "built"],
    ["exporters", "otlp_grpc", "built"],
    ["receivers", "hostmetrics", "planned"],
    ["exporters", "debug", "built"],
  ] as const)("%s %s is %s", (section, name, status) => {
    expect(lookUp(FAKE_TYPES, section, name).status).toBe(status);
  });

  test.each([
    ["exporters", "otpl", "; did you mean otlp?"],
    ["exporters", "hostmetrics", "; it is a type of receivers"],
    ["receivers", "wholly-other", "; `rondo components` lists what there is"],
  ] as const)("%s %s is unknown%s", (section, name, advice) => {
    expect(lookUp(FAKE_TYPES, section, name)).toEqual({ status: "unknown", advice });
  });
});
