import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { lostRecords } from "@rondo/broker";
import { silentLog } from "@rondo/core";
import { createRegistry } from "@rondo/monitor";
import { FakeClock } from "@rondo/testkit";
import { expect, onTestFinished, test } from "vitest";
import { openLog } from "./open-log.ts";

test("what retention takes from a reader is counted and written down", async () => {
  const folder = await mkdtemp(join(tmpdir(), "rondo-log-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const clock = new FakeClock();
  const registry = createRegistry();
  const broker = await openLog({
    settings: {
      ...{ kind: "embedded", partitions: 1, retentionMs: 30_000, segmentBytes: 1 << 20, sync: false },
      ...{ lingerMs: 0, defaultTenant: "default", defaultReceiver: "otlp" },
    },
    ...{ data: folder, clientId: "rondo/test", clock, random: Math.random, log: silentLog, registry },
  });
  await broker.ensureTopics([{ name: "t" }]);
  await broker.registerGroup({ group: "g", topic: "t", start: "earliest" });
  for (let index = 0; index < 3; index++) await broker.append("t", 0, [{ headers: {}, value: Buffer.from("a") }]);
  await clock.advance(60_000);
  await expect.poll(() => broker.watermarks("t", 0)).toEqual({ low: 3, high: 3 });
  const member = await broker.join(
    { group: "g", topic: "t" },
    async (claim) => {
      while ((await claim.read(1)).length > 0);
    },
    (fault) => expect.soft(fault).toBeUndefined(),
  );
  await expect.poll(() => lostRecords(broker.state, "g", 0)).toEqual({ records: 3, until: 3 });
  expect(registry.render()).toContain('rondo_log_lost_records_total{group="g",topic="t"} 3');
  await member.leave();
  await broker.close();
});
