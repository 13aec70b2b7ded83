/** A real Redis that loses everything, dies and freezes under a writer and its readers: windows become whole again by themselves. */
import { silentLog, sleep, systemClock } from "@rondo/core";
import { createRegistry } from "@rondo/monitor";
import { labelValue } from "@rondo/promql";
import { memoryBroker } from "@rondo/testkit";
import { openWindowReader, runWindowsClaim, slotExpiryMs, type WindowReader } from "@rondo/windows";
import { RedisConnection, redisWindows } from "@rondo/windows/redis";
import { expect } from "vitest";
import { matching } from "../../packages/windows/src/matchers.cases.ts";
import { GROUP, MINUTE, metricsRecord, SELECTORS, TOPIC } from "../../packages/windows/src/writing.cases.ts";
import { needs } from "../needs.ts";
import { startRedis } from "../rig/servers/index.ts";

const PARTITIONS = 2;
const never = new AbortController().signal;

needs("redis")("windows are whole again after every loss, and their readers know meanwhile", async () => {
  const redis = await startRedis();
  const broker = memoryBroker({ partitions: PARTITIONS });
  const latenessMs = MINUTE;
  const open = () =>
    redisWindows({
      connection: new RedisConnection({ url: redis.url, clock: systemClock, random: Math.random }),
      expiryMs: slotExpiryMs(SELECTORS, latenessMs),
    });
  const [written, read] = [open(), open()];
  const shared = { broker, store: written, clock: systemClock, registry: createRegistry(), log: silentLog };
  const failures: Error[] = [];
  await broker.ensureTopics([{ name: TOPIC }]);
  await broker.registerGroup({ group: GROUP, topic: TOPIC });
  const member = await broker.join(
    { group: GROUP, topic: TOPIC },
    (claim) =>
      runWindowsClaim(claim, claim.revoked, { ...shared, selectors: SELECTORS, latenessMs, readBytes: 1 << 20 }),
    (fault) => failures.push(fault),
  );
  const reading = () =>
    openWindowReader({ store: read, tenant: "a", partitions: PARTITIONS, keepMs: 10 * MINUTE, clock: systemClock });
  const reader = reading();

  const expected = new Set<string>();
  let sent = 0;
  const send = async () => {
    for (let count = 0; count < 20; count++, sent++) {
      const time = systemClock.now();
      expected.add(`${sent}@${time}`);
      await broker.append(TOPIC, sent % PARTITIONS, [metricsRecord([["up", String(sent), time, 1]])]);
    }
  };
  const content = async (of: WindowReader) => {
    const found = await of.select(matching("up"), { after: 0, until: Number.POSITIVE_INFINITY });
    return new Set(
      found.flatMap(({ labels, times }) => [...times].map((time) => `${labelValue(labels, "job")}@${time}`)),
    );
  };
  /** When everything sent so far is in the windows, for who was there before and for who comes only now. */
  const whole = async () => {
    const since = systemClock.now();
    const fresh = (of: WindowReader) => async () => {
      const { watermark, warming } = await of.refresh().catch(() => ({ watermark: 0, warming: true }));
      return watermark >= since && !warming;
    };
    const late = reading();
    for (const of of [reader, late]) {
      await expect.poll(fresh(of), { timeout: 20_000 }).toBe(true);
      expect(await content(of)).toEqual(expected);
    }
    return systemClock.now() - since;
  };

  try {
    await send();
    await whole();
    const lost: number[] = [];
    for (let loss = 0; loss < 5; loss++) {
      expect(await redis.command("FLUSHALL")).toBe("+OK");
      await send();
      lost.push(await whole());
    }
    // From the loss to whole windows it takes the writer's next question to the log, and its one after that.
    expect(Math.max(...lost)).toBeLessThan(15_000);
    await redis.kill();
    await send();
    await redis.start();
    await send();
    await whole();
    redis.freeze();
    await send();
    await sleep(systemClock, 4_000, never);
    redis.thaw();
    await whole();
    expect(failures).toEqual([]);
  } finally {
    await member.leave();
    await written.close();
    await read.close();
    await redis.close();
  }
});
