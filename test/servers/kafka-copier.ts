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

/** Writes until the log takes it, or refuses it because the claim is lost; what is in hand when it is taken back still goes out. */
async function untilTaken(lost: AbortSignal, write: () => Promise<unknown>): Promise<void> {
  for (;;) {
    try {
      await write();
      return;
    } catch {
      if (lost.aborted) return;
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
      await untilTaken(claim.revoked, () => claim.append(to, partition, copies));
      await untilTaken(claim.revoked, () => claim.commit(next, []));
    }
  },
  failed.reject,
);
process.stdout.write("joined\n");
await failed.promise;
