import { defineExporter, defineExtension, SETTLED, type Surroundings, silentLog, systemClock } from "@rondo/core";
import { expect, test } from "vitest";
import { createExporter } from "./create-component.ts";

test("an exporter is made with its own values and what the service has for it, or refused by name", () => {
  const made: [unknown, Surroundings][] = [];
  const type = defineExporter({
    type: "fake",
    summary: "Remembers what it was made with.",
    signals: ["traces"],
    fields: {},
    create(values, around) {
      made.push([values, around]);
      const retry = { initialMs: 1, multiplier: 1, maxMs: 1, randomization: 0 };
      return { deliver: async () => SETTLED, timeoutMs: 0, retry, close: async () => {} };
    },
  });
  const setter = defineExtension({ type: "setter", summary: "s", signals: [], fields: {}, setHeaders: () => () => {} });
  const extensions = [{ id: "setter/a", type: setter, values: {} }];
  const options = { graph: { extensions }, clock: systemClock, random: () => 0, log: silentLog };
  const exporters = [{ id: "fake/a", type, values: { n: 3 } }];
  const pipeline = { id: "traces/x", signal: "traces", receivers: [], processors: [], exporters } as const;
  createExporter(options, pipeline, "fake/a");
  expect(made[0]?.[0]).toEqual({ n: 3 });
  const around = made[0]?.[1];
  expect(around).toMatchObject({ id: "fake/a", pipeline: "traces/x", signal: "traces" });
  expect(around?.headersBy?.("setter/a")).toBeTypeOf("function");
  expect(around?.headersBy?.("other")).toBeUndefined();
  expect(() => createExporter(options, pipeline, "fake/b")).toThrow("pipeline traces/x has no exporter fake/b");
});
