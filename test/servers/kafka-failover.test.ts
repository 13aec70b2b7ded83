/** Brokers of a cluster of three that die one after the other, and what writers and readers make of it. */
import type { Broker, LogRecord, NewRecord } from "@rondo/broker";
import { openKafka } from "@rondo/broker/kafka";
import { Fault, silentLog, sleep, systemClock } from "@rondo/core";
import { expect } from "vitest";
import { needs } from "../needs.ts";
import { startKafka } from "../rig/servers/index.ts";

const PARTITIONS = 6;
const never = new AbortController().signal;

/** Appends until the log takes it, as every writer of Rondo does. */
async function untilTaken(append: () => Promise<unknown>): Promise<void> {
  for (;;) {
    try {
      await append();
      return;
    } catch (thrown) {
      if (!(thrown instanceof Fault) || thrown.code !== "unavailable") throw thrown;
      await sleep(systemClock, 100, never);
    }
  }
}

const record = (text: string): NewRecord => ({ headers: { n: text }, value: Buffer.alloc(1000, text) });
/** Numbers in the order in which they first stand there. */
const firsts = (records: readonly LogRecord[]) => [...new Set(records.map(({ headers }) => Number(headers["n"])))];

async function everything(broker: Broker, topic: string, partition: number): Promise<readonly LogRecord[]> {
  const found: LogRecord[] = [];
  for (;;) {
    const more = await broker.read(topic, partition, (found.at(-1)?.offset ?? -1) + 1, 1 << 20);
    if (more.length === 0) return found;
    found.push(...more);
  }
}

needs("kafka")(
  "with one broker of three gone, then another, nothing acknowledged is missing, and everything goes on in order",
  async () => {
    const kafka = await startKafka({
      nodes: 3,
      // A dead broker is missed after three seconds instead of nine.
      config: { "broker.session.timeout.ms": 3_000, "broker.heartbeat.interval.ms": 500 },
    });
    const open = (name: string) =>
      openKafka({
        brokers: kafka.brokers,
        clientId: `rondo/${name}/test/0`,
        clock: systemClock,
        log: silentLog,
        random: Math.random,
      });
    const [writer, reader] = [await open("writer"), await open("reader")];
    const failures: Error[] = [];
    await writer.ensureTopics([{ name: "from", partitions: PARTITIONS }]);
    await writer.ensureTopics([{ name: "to", partitions: PARTITIONS }]);
    await writer.registerGroup({ group: "g", topic: "from", start: "earliest" });
    const join = () =>
      reader.join(
        { group: "g", topic: "from" },
        async (claim) => {
          for (let some = await claim.read(1 << 20); some.length > 0; some = await claim.read(1 << 20)) {
            const copies = some.map(({ headers, value }) => ({ headers, value }));
            try {
              await untilTaken(() => claim.append("to", claim.partition, copies));
              const next = (some.at(-1)?.offset ?? 0) + 1;
              await untilTaken(() =>
                claim.commit(next, [{ key: `t/${claim.partition}`, value: Buffer.from(String(next)) }]),
              );
            } catch (thrown) {
              if (!claim.revoked.aborted && Fault.from(thrown).code !== "aborted") throw thrown;
              break;
            }
          }
          if (!claim.revoked.aborted) await new Promise((lost) => claim.revoked.addEventListener("abort", lost));
        },
        (fault) => failures.push(fault),
      );
    const member = await join();
    const stop = new AbortController();
    const acknowledged = Array.from({ length: PARTITIONS }, () => 0);
    const writing = acknowledged.map(async (_, partition) => {
      while (!stop.signal.aborted) {
        const number = acknowledged[partition] ?? 0;
        await untilTaken(() => writer.append("from", partition, [record(String(number))]));
        acknowledged[partition] = number + 1;
        await sleep(systemClock, 10, stop.signal);
      }
    });
    const [first, second] = kafka.nodes;
    await sleep(systemClock, 3_000, never);
    await first?.kill();
    await sleep(systemClock, 6_000, never);
    await first?.start();
    await kafka.inSync();
    await second?.stop();
    await sleep(systemClock, 4_000, never);
    stop.abort();
    await Promise.all(writing);
    for (const [partition, count] of acknowledged.entries()) {
      const numbers = Array.from({ length: count }, (_, number) => number);
      const written = await everything(writer, "from", partition);
      expect(firsts(written)).toEqual(numbers);
      await expect
        .poll(async () => firsts(await everything(writer, "to", partition)), { timeout: 20_000 })
        .toEqual(numbers);
    }
    expect(failures).toEqual([]);
    await member.leave();
    await Promise.all([writer.close(), reader.close()]);
    await kafka.close();
  },
  180_000,
);
