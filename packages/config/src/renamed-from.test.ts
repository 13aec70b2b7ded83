/** What the roles see of a rename; what users are told of a wrong one stands in load-config.test.yaml. */
import { expect, test } from "vitest";
import { FAKE_TYPES } from "./fake-types.cases.ts";
import { loadConfig } from "./load-config.ts";

test("the first names reach the graph, those of the windows' pipeline too, and no exporter sees the key", () => {
  const text = `
    receivers: {otlp: {protocols: {grpc: {}}}}
    exporters: {debug/new: {renamed_from: debug}}
    service: {pipelines: {metrics/new: {renamed_from: metrics, receivers: [otlp], exporters: [debug/new]}}}`;
  const { graph, problems } = loadConfig({
    files: [{ name: "a", text }],
    sets: [],
    types: FAKE_TYPES,
    env: () => undefined,
  });
  expect(problems).toEqual([]);
  expect(graph?.pipelines[0]).toMatchObject({ id: "metrics/new", renamedFrom: "metrics" });
  expect(graph?.pipelines[0]?.exporters[0]).toMatchObject({ id: "debug/new", renamedFrom: "debug" });
  expect(graph?.pipelines[0]?.exporters[0]?.values).not.toHaveProperty("renamed_from");
  expect(graph?.windows).toMatchObject({ pipeline: "metrics/new", renamedFrom: "metrics" });
});
