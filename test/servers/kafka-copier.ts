/**
 * A process that copies a topic: `node kafka-copier.ts BROKER NAME GROUP FROM TO STATE`. Each record is appended to the
 * same-numbered partition of TO, with who copied it, in which generation of the group, and from where, and then committed.
 */
import { openKafka } from "@rondo/broker/kafka";
import { silentLog, sleep, systemClock } from "@rondo/core";

const [, , broker = "", name = "", group = "", from = "", to = "", stateTopic = ""] = process.argv;
const opened = await openKafka({
  brokers: [broker],
  clientId: `rondo/${name}/worker/0`,
  clock: systemClock,
  log: silentLog,
  random: Math.random,
  stateTopic,
  evict: true,
});

/**
 * Writes until the log takes it, or, when the partition is being taken back, does not take it at once: false then, and nothing
 * may be committed as if it stood there.
 */
async function untilTaken(lost: AbortSignal, write: () => Promise<unknown>): Promise<boolean> {
  for (;;) {
    try {
      await write();
      return true;
    } catch {
      if (lost.aborted) return false;
      await sleep(systemClock, 100, lost);
    }
  }
}

const failed = Promise.withResolvers<never>();
process.once("SIGTERM", () => void opened.close().then(() => process.exit(0)));
await opened.join(
  { group, topic: from },
  async (claim) => {
    const { partition, generation } = claim;
    for (let records = await claim.read(1 << 20); records.length > 0; records = await claim.read(1 << 20)) {
      const copies = records.map(({ offset, value }) => ({
        headers: { by: name, generation: String(generation), origin: String(offset) },
        value,
      }));
      const next = (records.at(-1)?.offset ?? 0) + 1;
      if (!(await untilTaken(claim.revoked, () => claim.append(to, partition, copies)))) return;
      if (!(await untilTaken(claim.revoked, () => claim.commit(next, [])))) return;
    }
  },
  failed.reject,
);
process.stdout.write("joined\n");
await failed.promise;
