import fc from "fast-check";
import { expect, test } from "vitest";
import { metricName, type NamedMetric } from "./metric-name.ts";
import { TRANSLATION_STRATEGIES } from "./strategy.ts";

const named = (name: string, unit = "", kind: NamedMetric["kind"] = "other") => ({ name, unit, kind });

test.each([
  ["system.io", "By", "other", "system_io_bytes"],
  ["system.io", "By", "counter", "system_io_bytes_total"],
  ["network (transmitted + received)", "By/s", "gauge", "network_transmitted_received_bytes_per_second"],
  ["memory_bytes", "By", "gauge", "memory_bytes"],
  ["bytes.sent", "By", "gauge", "bytes_sent"],
  ["broken_metric_total_count", "", "counter", "broken_metric_count_total"],
  ["requests_total", "1", "counter", "requests_total"],
  ["requests", "{request}", "counter", "requests_total"],
  ["requests", "{request}/s", "gauge", "requests_per_second"],
  ["cpu.utilization", "1", "gauge", "cpu_utilization_ratio"],
  ["ratio.of.things", "1", "gauge", "of_things_ratio"],
  ["things", "1", "other", "things"],
  ["fs.used", "%", "gauge", "fs_used_percent"],
  ["speed", "m/s", "gauge", "speed_meters_per_second"],
  ["odd", "foo bar/baz!", "gauge", "odd_foo_bar_per_baz"],
  ["3xx_responses", "", "gauge", "_3xx_responses"],
  ["a__b..c", "", "gauge", "a_b_c"],
  ["a:b", "", "gauge", "a:b"],
  ["Ünï.code", "", "gauge", "n_code"],
] as const)("%s in %s as %s is %s", (name, unit, kind, expected) => {
  expect(metricName({ name, unit, kind })).toBe(expected);
});

test("a namespace stands in front, made legal", () => {
  expect(metricName(named("x", "s"), "UnderscoreEscapingWithSuffixes", "test-space")).toBe("test_space_x_seconds");
  expect(metricName(named("9x"), "UnderscoreEscapingWithoutSuffixes", "n")).toBe("n_9x");
});

test("a name of which nothing is left is none", () => {
  for (const strategy of TRANSLATION_STRATEGIES) expect(metricName(named(""), strategy)).toBeUndefined();
  expect(metricName(named("日本"))).toBeUndefined();
  expect(metricName(named("_"), "UnderscoreEscapingWithoutSuffixes")).toBe("_");
});

test("without suffixes a name keeps its underscores", () => {
  expect(metricName(named("a__b.c", "s", "counter"), "UnderscoreEscapingWithoutSuffixes")).toBe("a__b_c");
});

test.each([
  ["http.duration", "s", "other", "http.duration_seconds"],
  ["http.seconds", "s", "counter", "http.seconds_total"],
  ["http.total", "", "counter", "http_total"],
  ["load.ratio", "1", "gauge", "load_ratio"],
  ["io", "By/s", "counter", "io_bytes_per_second_total"],
] as const)("verbatim with suffixes: %s in %s as %s is %s", (name, unit, kind, expected) => {
  expect(metricName({ name, unit, kind }, "NoUTF8EscapingWithSuffixes")).toBe(expected);
});

test("NoTranslation translates nothing but adds the namespace", () => {
  expect(metricName(named("http.duration", "s", "counter"), "NoTranslation")).toBe("http.duration");
  expect(metricName(named("http.duration"), "NoTranslation", "fl")).toBe("fl_http.duration");
});

test("an escaped name is one that Prometheus takes, and stays as it is when it is translated again", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), fc.constantFrom("", "s", "By/s", "1"), (name, unit) => {
      for (const kind of ["counter", "gauge", "other"] as const) {
        const once = metricName({ name, unit, kind });
        if (once === undefined) continue;
        expect(once).toMatch(/^[A-Za-z_:][A-Za-z0-9_:]*$/);
      }
    }),
  );
});
