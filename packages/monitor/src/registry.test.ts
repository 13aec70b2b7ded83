import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createRegistry, MAX_LABEL_LENGTH, OVERFLOW_VALUE } from "./registry.ts";

const ROW = { signal: "traces", tenant: "default", pipeline: "traces", component: "" };

test("a handle adds up, and is the same series for the same labels in any order", () => {
  const registry = createRegistry();
  registry.counter("rondo_items_entered_total", ROW).add(2);
  registry
    .counter("rondo_items_entered_total", { component: "", pipeline: "traces", tenant: "default", signal: "traces" })
    .add(3);
  expect(registry.render()).toContain(
    'rondo_items_entered_total{signal="traces",tenant="default",pipeline="traces",component=""} 5\n',
  );
});

test("setting replaces, whichever handle does it", () => {
  const registry = createRegistry();
  registry.gauge("rondo_items_in_flight", ROW).set(7);
  registry.gauge("rondo_items_in_flight", ROW).set(4);
  expect(registry.snapshot()).toEqual([
    { name: "rondo_items_in_flight", labels: new Map(Object.entries(ROW)), value: 4 },
  ]);
});

test("wrong names and labels do not compile", () => {
  const registry = createRegistry();
  // @ts-expect-error a label that the table does not give it
  registry.counter("rondo_log_fsyncs_total", { topic: "x" });
  // @ts-expect-error a label is missing
  registry.counter("rondo_items_accepted_total", { signal: "traces", tenant: "default" });
  // @ts-expect-error a gauge is no counter
  registry.counter("rondo_items_in_flight", ROW);
});

test("what sources emit lives for one page, and equal label sets are added up", () => {
  const registry = createRegistry();
  registry.counter("rondo_items_entered_total", ROW).add(1);
  const remove = registry.onScrape((emit) => {
    emit("rondo_items_entered_total", ROW, 10);
    emit("rondo_items_entered_total", ROW, 100);
  });
  const end = registry.computed("rondo_gateway_credit_bytes", { component: "otlp" }, () => 42);
  for (let page = 0; page < 2; page++) {
    expect(registry.render()).toMatch(/rondo_items_entered_total\{.*\} 111\n/);
    expect(registry.render()).toContain('rondo_gateway_credit_bytes{component="otlp"} 42\n');
  }
  remove();
  end();
  expect(registry.render()).toMatch(/rondo_items_entered_total\{.*\} 1\n/);
  expect(registry.render()).not.toContain("rondo_gateway_credit_bytes");
});

test("a source that throws costs its own figures only, and is counted", () => {
  const registry = createRegistry();
  registry.onScrape(() => {
    throw new Error("broken");
  });
  registry.computed("rondo_gateway_credit_bytes", { component: "otlp" }, () => 1);
  expect(registry.render()).toMatch(/rondo_gateway_credit_bytes.* 1\n(?:.*\n)*?.*rondo_scrape_errors_total 1\n/);
});

test("label sets beyond the bound share a series, sums stay true, and the overflow is counted", () => {
  const registry = createRegistry({ maxSeries: 3 });
  const label = (n: number) => ({ component: `c${n}`, protocol: "grpc", outcome: "ok" });
  const handles = [0, 1, 2, 3, 4].map((n) => registry.counter("rondo_requests_total", label(n)));
  for (const handle of handles) handle.set(5);
  for (const handle of handles) handle.set(6);
  const page = registry.render();
  expect(page.match(/^rondo_requests_total\{/gm)).toHaveLength(3);
  expect(page).toContain(
    `rondo_requests_total{component="${OVERFLOW_VALUE}",protocol="${OVERFLOW_VALUE}",outcome="${OVERFLOW_VALUE}"} 18\n`,
  );
  expect(page).toContain('rondo_metrics_overflow_total{metric="rondo_requests_total"} 3\n');
  // Emitted label sets are held to the same bound.
  registry.onScrape((emit) => emit("rondo_requests_total", label(9), 1));
  expect(registry.render().match(/^rondo_requests_total\{/gm)).toHaveLength(3);
});

test("histograms fill the bucket whose bound is not below the value", () => {
  const registry = createRegistry();
  const seconds = registry.histogram("rondo_request_duration_seconds", { component: "otlp", protocol: "grpc" });
  for (const value of [0.001, 0.002, 31]) seconds.observe(value);
  const page = registry.render();
  expect(page).toContain('rondo_request_duration_seconds_bucket{component="otlp",protocol="grpc",le="0.001"} 1\n');
  expect(page).toContain('rondo_request_duration_seconds_bucket{component="otlp",protocol="grpc",le="0.0025"} 2\n');
  expect(page).toContain('rondo_request_duration_seconds_bucket{component="otlp",protocol="grpc",le="+Inf"} 3\n');
  expect(page).toContain('rondo_request_duration_seconds_sum{component="otlp",protocol="grpc"} 31.003\n');
  expect(page).toContain('rondo_request_duration_seconds_count{component="otlp",protocol="grpc"} 3\n');
  expect(registry.snapshot()[0]).toMatchObject({ value: 31.003, count: 3 });
});

test("any label values stay apart and leave the page well-formed", () => {
  const value = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.constantFrom("__proto__", "constructor", 'a"b', "\\", "\n", '","'),
  );
  fc.assert(
    fc.property(fc.uniqueArray(value, { selector: (one) => one.toWellFormed(), maxLength: 20 }), (tenants) => {
      const registry = createRegistry();
      for (const [index, tenant] of tenants.entries()) {
        registry.counter("rondo_items_accepted_total", { signal: "logs", tenant, component: "otlp" }).add(index + 1);
      }
      const lines = registry
        .render()
        .split("\n")
        .filter((line) => line !== "" && !line.startsWith("#"));
      expect(lines).toHaveLength(tenants.length);
      const read = lines.map((line) => {
        const [, tenant = "", count] = /tenant="((?:[^"\\]|\\.)*)",component="otlp"\} (\d+)$/s.exec(line) ?? [];
        return [tenant.replace(/\\(.)/g, (_, letter) => (letter === "n" ? "\n" : letter)), Number(count)];
      });
      expect(read).toEqual(tenants.map((tenant, index) => [tenant.toWellFormed(), index + 1]));
    }),
    { numRuns: 50 },
  );
});

test("a label value is cut at its bound", () => {
  const registry = createRegistry();
  registry.counter("rondo_log_append_bytes_total", { topic: "x".repeat(MAX_LABEL_LENGTH + 1) }).add(1);
  registry.counter("rondo_log_append_bytes_total", { topic: "x".repeat(MAX_LABEL_LENGTH) }).add(1);
  expect(registry.render()).toContain(`{topic="${"x".repeat(MAX_LABEL_LENGTH)}"} 2\n`);
});

describe("a registry that includes another's series", () => {
  const LABELS = { signal: "traces", pipeline: "traces", component: "otlp" } as const;

  // A process serves one page: what its threads counted is added to what it counted itself, histograms by bucket.
  test("shows their sum, at every page anew, and leaves both as they were", () => {
    const thread = createRegistry();
    const process = createRegistry();
    process.include(() => thread.copy());
    for (const registry of [thread, process]) {
      registry.counter("rondo_exporter_retries_total", LABELS).add(2);
      registry.histogram("rondo_exporter_request_duration_seconds", LABELS).observe(0.002);
    }
    const row = (page: string, start: string) => page.split("\n").find((line) => line.startsWith(start));
    expect(row(process.render(), "rondo_exporter_retries_total{")).toMatch(/ 4$/);
    expect(row(process.render(), "rondo_exporter_request_duration_seconds_count{")).toMatch(/ 2$/);
    expect(row(process.render(), "rondo_exporter_request_duration_seconds_bucket{")).toMatch(/ 0$/);
    expect(row(process.render(), "rondo_exporter_request_duration_seconds_sum{")).toMatch(/ 0\.004$/);
    thread.counter("rondo_exporter_retries_total", LABELS).add(1);
    expect(row(process.render(), "rondo_exporter_retries_total{")).toMatch(/ 5$/);
    expect(row(thread.render(), "rondo_exporter_retries_total{")).toMatch(/ 3$/);
  });

  test("ends with its source", () => {
    const registry = createRegistry();
    const end = registry.include(() => [{ name: "rondo_log_fsyncs_total", values: [], value: 7 }]);
    expect(registry.render()).toContain("rondo_log_fsyncs_total 7");
    end();
    expect(registry.render()).not.toContain("rondo_log_fsyncs_total 7");
  });
});
