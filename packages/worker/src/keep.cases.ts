/** Pipelines of one `keep` component on the logs of one machine, for the contract of such components. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openEmbedded } from "@rondo/broker/embedded";
import { type Clock, silentLog } from "@rondo/core";
import { countItems } from "@rondo/otlp";
import { memoryBroker } from "@rondo/testkit";
import { type KeepHarness, type KeepProcess, PARTITIONS } from "@rondo/testkit/keep-contract";
import { runPipelineClaim } from "./pipeline.ts";
import { stagesOf } from "./stages.ts";

async function run({ subject, claim, ended, broker, clock, bounds, group, enrichedTopic }: KeepProcess): Promise<void> {
  const { signal, type, values } = subject;
  const processors = [{ id: "kept/one", type, values }];
  const pipeline = { id: signal, signal, receivers: ["otlp"], processors, exporters: [] };
  const options = { graph: { extensions: [] }, clock, random: Math.random, log: silentLog };
  await runPipelineClaim(claim, ended, {
    ...{ signal, group, enrichedTopic, broker, clock, bounds, log: silentLog },
    pipeline: signal,
    stages: stagesOf(options, pipeline, signal),
    receivers: new Set(["otlp"]),
    maxRecordBytes: broker.maxRecordBytes,
    foreign: { tenant: "default", via: "otlp", count: (value) => countItems(signal, value) },
    // One record at a time: every one of them is a point to be killed at.
    readBytes: 1,
    lastCall: new AbortController().signal,
    opened: () => {},
  });
}

/** On the log in memory. */
export const inMemory: KeepHarness = {
  run,
  runs: 60,
  async open(clock: Clock) {
    const broker = memoryBroker({ clock, partitions: PARTITIONS });
    return { broker, dispose: () => broker.close() };
  },
};

/** On the embedded log, in files. */
export const onDisk: KeepHarness = {
  run,
  runs: 15,
  async open(clock: Clock) {
    const directory = await mkdtemp(join(tmpdir(), "rondo-keep-"));
    const broker = await openEmbedded({ directory, clock, log: silentLog, partitions: PARTITIONS, sync: false });
    const dispose = async () => {
      await broker.close();
      await rm(directory, { recursive: true });
    };
    return { broker, dispose };
  },
};
