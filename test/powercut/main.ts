/**
 * The process whose power is cut: several producers and a group on an embedded broker. Everything that the broker
 * acknowledged is noted with a write of its own on the file of acknowledgements, so that the recording holds both in order.
 * Files are small and few are kept, so that the cut also finds them being begun, sealed, indexed and removed.
 *
 *   node main.ts DIRECTORY ACKNOWLEDGEMENTS SYNC(true|false)
 */
import { openSync, writeSync } from "node:fs";
import { type EmbeddedBroker, openEmbedded } from "@rondo/broker/embedded";
import { silentLog, systemClock } from "@rondo/core";
import { type Acknowledged, checkpointOf, expectedValue, GROUP, TOPIC } from "./acknowledged.ts";

const [directory = "", acknowledgements = "", sync = "true"] = process.argv.slice(2);
const PARTITIONS = 3;
const APPENDS = 45;
const SEGMENT_BYTES = 60_000;
const RETENTION_BYTES = 200_000;
const file = openSync(acknowledgements, "a");
const acknowledge = (acknowledged: Acknowledged) => writeSync(file, `${JSON.stringify(acknowledged)}\n`);

async function produce(broker: EmbeddedBroker, session: number, producer: number): Promise<void> {
  for (let index = 0; index < APPENDS; index++) {
    const count = 1 + ((index * 7 + producer) % 3);
    const ids = Array.from({ length: count }, (_, place) => `${session}.${producer}.${index}.${place}`);
    const partition = (index + producer) % PARTITIONS;
    const records = ids.map((id) => ({ headers: { id }, value: expectedValue(id) }));
    const { baseOffset } = await broker.append(TOPIC, partition, records);
    acknowledge({ kind: "append", partition, baseOffset, ids });
  }
}

async function session(number: number): Promise<void> {
  const broker = await openEmbedded({
    directory,
    clock: systemClock,
    log: silentLog,
    sync: sync === "true",
    segmentBytes: SEGMENT_BYTES,
    retentionBytes: RETENTION_BYTES,
  });
  await broker.ensureTopics([{ name: TOPIC, partitions: PARTITIONS }]);
  await broker.registerGroup({ group: GROUP, topic: TOPIC, start: "earliest" });
  acknowledge({ kind: "registered" });
  const member = await broker.join(
    { group: GROUP, topic: TOPIC },
    async (claim) => {
      for (let records = await claim.read(40_000); records.length > 0; records = await claim.read(40_000)) {
        const offset = (records.at(-1)?.offset ?? 0) + 1;
        if (claim.revoked.aborted) return;
        await claim.commit(offset, [
          { key: `totals/${claim.partition}`, value: Buffer.from(String(offset)) },
          { key: `checkpoint/${claim.partition}`, value: checkpointOf(offset) },
        ]);
        acknowledge({ kind: "commit", partition: claim.partition, offset });
      }
    },
    (fault) => {
      throw fault;
    },
  );
  await Promise.all([0, 1, 2, 3].map((producer) => produce(broker, number, producer)));
  await member.leave();
  await broker.close();
}

await session(1);
await session(2);
