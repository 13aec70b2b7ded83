import { exporterGroup, pipelineGroup } from "@rondo/broker";
import type { PipelineNode } from "@rondo/config";
import { memoryBroker } from "@rondo/testkit";
import { expect, test } from "vitest";
import { exporterSpec, holdRenames, pipelineSpec, unmetRenames } from "./groups.ts";

type Names = { readonly id: string; readonly renamedFrom?: string };

/** A configuration of which only the names count. */
function graphOf(pipeline: Names, ...exporters: readonly Names[]): { readonly pipelines: readonly PipelineNode[] } {
  // Nothing here looks at types or values.
  const nodes = exporters.map((names) => ({ ...names, values: {} })) as unknown as PipelineNode["exporters"];
  return { pipelines: [{ ...pipeline, signal: "traces", receivers: [], processors: [], exporters: nodes }] };
}

const OLD = graphOf({ id: "traces" }, { id: "a" });
const NEW = graphOf({ id: "traces/new", renamedFrom: "traces" }, { id: "b", renamedFrom: "a" });

test("a renamed pipeline and exporter keep groups and topic", () => {
  const [old] = OLD.pipelines;
  const [renamed] = NEW.pipelines;
  if (old === undefined || renamed === undefined) throw new Error("no pipeline");
  expect(pipelineSpec(renamed)).toEqual(pipelineSpec(old));
  expect(exporterSpec(renamed, "b")).toEqual(exporterSpec(old, "a"));
  expect(exporterSpec(renamed, "b").group).toBe(exporterGroup("traces", "a"));
});

test("a rename is remembered: to take it out or to change it would begin anew, and is refused", async () => {
  const broker = memoryBroker();
  await holdRenames(OLD, broker);
  await holdRenames(NEW, broker);
  await holdRenames(NEW, broker);
  // As written before the rename, on another process of an upgrade under way.
  await holdRenames(OLD, broker);
  const told = expect.objectContaining({ code: "config", message: expect.stringContaining(pipelineGroup("traces")) });
  await expect(holdRenames(graphOf({ id: "traces/new" }, { id: "b" }), broker)).rejects.toEqual(told);
  const withoutExporter = graphOf({ id: "traces/new", renamedFrom: "traces" }, { id: "b" });
  await expect(holdRenames(withoutExporter, broker)).rejects.toMatchObject({
    message: expect.stringMatching(/exporter b of pipeline traces\/new .* rondo\.traces\.a/),
  });
  // Renamed once more: the first name counts, not the one before.
  const second = graphOf({ id: "traces/newer", renamedFrom: "traces/new" });
  await expect(holdRenames(second, broker)).rejects.toMatchObject({ message: expect.stringContaining("rondo.traces") });
  await holdRenames(graphOf({ id: "traces/newer", renamedFrom: "traces" }, { id: "c", renamedFrom: "a" }), broker);
});

test("a rename from what was never here is told, but not of a log that is new", async () => {
  const broker = memoryBroker();
  expect(await unmetRenames(NEW, broker)).toEqual([]);
  await broker.ensureTopics([{ name: "otlp_spans" }]);
  await broker.registerGroup({ group: pipelineGroup("traces"), topic: "otlp_spans" });
  expect(await unmetRenames(OLD, broker)).toEqual([]);
  expect(await unmetRenames(NEW, broker)).toEqual([
    expect.stringMatching(
      /^exporter b of pipeline traces\/new: renamed_from a names nothing that was here \(group rondo\.traces\.a\)/,
    ),
  ]);
});
