import { retirement } from "@rondo/broker";
import { type Log, silentLog } from "@rondo/core";
import { FakeClock, memoryBroker, settled } from "@rondo/testkit";
import { expect, test } from "vitest";
import { LOOK_MS, watchRetention } from "./retention-watch.ts";

const HOUR = 3_600_000;

function setup() {
  const clock = new FakeClock();
  const broker = memoryBroker({ clock, partitions: 2 });
  const lines: string[] = [];
  const say = (line: string) => lines.push(line);
  const log: Log = { ...silentLog, info: say, warn: say };
  const stop = new AbortController();
  const options = { broker, retentionMs: 4 * HOUR, key: "broker::embedded::retention", clock, log };
  return { clock, broker, lines, stop, watching: watchRetention(options, stop.signal) };
}
const record = { headers: {}, value: Buffer.from("a") };

test("a group that stands still is named when half of the time is over, once, and again when it has got on", async () => {
  const { clock, broker, lines, stop, watching } = setup();
  await broker.ensureTopics([{ name: "t" }]);
  await broker.registerGroup({ group: "slow", topic: "t", start: "earliest" });
  await broker.registerGroup({ group: "late", topic: "t", start: "earliest" });
  await broker.registerGroup({ group: "dropped", topic: "t", start: "earliest" });
  await broker.state.put([retirement("dropped", 0)]);
  await broker.append("t", 1, [record]);
  await clock.advance(2 * HOUR - LOOK_MS);
  await broker.append("t", 0, [record]);
  expect(lines).toEqual([]);
  await clock.advance(2 * LOOK_MS);
  const said = (group: string) =>
    `group ${group} has not settled offset 0 of t/1 for 2h; records are removed after 4h, settled or not: see why it stands still, or raise broker::embedded::retention`;
  expect(lines).toEqual([said("slow"), said("late")]);
  const member = await broker.join(
    { group: "late", topic: "t" },
    async (claim) => {
      while ((await claim.read(1)).length > 0) await claim.commit(1, []);
    },
    (fault) => expect.soft(fault).toBeUndefined(),
  );
  await settled();
  await clock.advance(LOOK_MS);
  expect(lines.slice(2)).toEqual(["group late is less than half a retention behind again"]);
  await member.leave();
  stop.abort();
  await watching;
  expect(clock.pending).toBe(0);
});

test("a group that keeps up is not looked into, and a log that does not answer is asked again", async () => {
  const { clock, broker, lines, stop, watching } = setup();
  await broker.ensureTopics([{ name: "t" }]);
  await broker.append("t", 0, [record]);
  await broker.registerGroup({ group: "g", topic: "t", start: "latest" });
  await broker.registerGroup({ group: "old", topic: "t", start: "earliest" });
  await broker.close();
  await clock.advance(10 * HOUR);
  stop.abort();
  await watching;
  expect(lines.filter((line) => line.includes("group g"))).toEqual([]);
});
