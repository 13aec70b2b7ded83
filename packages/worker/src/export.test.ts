/** What an exporter's run makes known before it sends, and what it does while the log cannot take that. */
import { type Claim, enrichedHeaders, enrichedTopic, exporterGroup } from "@rondo/broker";
import { Fault, SETTLED, silentLog } from "@rondo/core";
import { FakeClock, memoryBroker, namedSpans, settled } from "@rondo/testkit";
import { expect, test } from "vitest";
import { runExporterClaim } from "./export.ts";
import { loadTotals } from "./totals.ts";

const TOPIC = enrichedTopic("traces", "traces");
const GROUP = { group: exporterGroup("traces", "out"), topic: TOPIC };

/** An exporter that delivers at once, on one partition whose commits fail while `full`. */
async function set() {
  const clock = new FakeClock();
  const broker = memoryBroker({ clock });
  await broker.ensureTopics([{ name: TOPIC }]);
  await broker.registerGroup(GROUP);
  const disk = { full: false };
  const sent: string[] = [];
  const failures: Error[] = [];
  const commit = (claim: Claim): Claim["commit"] => {
    return async (offset, state) => {
      if (disk.full) throw new Fault("disk_full", "no room");
      await claim.commit(offset, state);
    };
  };
  const join = () =>
    broker.join(
      GROUP,
      async (claim) => {
        const fenced: Claim = { ...claim, commit: commit(claim) };
        await runExporterClaim(fenced, claim.revoked, {
          group: GROUP.group,
          signal: "traces",
          component: "out",
          chain: () => async (batch) => {
            sent.push(batch.sources?.[0]?.origin ?? "");
            return SETTLED;
          },
          readBytes: 64 << 20,
          broker,
          clock,
          log: silentLog,
          opened: () => {},
        });
      },
      (fault) => failures.push(fault),
    );
  let next = 0;
  const produce = async (records: number) => {
    for (let n = 0; n < records; n++, next++) {
      const headers = enrichedHeaders({ tenant: "t", items: 1, origin: `0:${next}:0/1`, at: 1 });
      await broker.append(TOPIC, 0, [{ headers, value: namedSpans(["a"]) }]);
    }
  };
  return { clock, broker, disk, sent, failures, join, produce };
}

test("nothing is sent that no durable commit has announced, and a full disk is waited for", async () => {
  const { clock, broker, disk, sent, failures, join, produce } = await set();
  await produce(10);
  const member = await join();
  await settled();
  expect(sent).toHaveLength(10);
  disk.full = true;
  await produce(3_000);
  // Every beat wants to announce more, and none can.
  await clock.advance(5_000);
  const announced = (await loadTotals(broker.state, GROUP.group, 0))?.sentBelow ?? 0;
  expect(sent).toHaveLength(announced);
  disk.full = false;
  await clock.advance(5_000);
  expect(sent).toHaveLength(3_010);
  expect(new Set(sent).size).toBe(3_010);
  expect(failures).toEqual([]);
  await member.leave();
});

test("a record behind a gap is announced itself, not only its neighbours below the gap", async () => {
  const { broker, sent, join, produce } = await set();
  const member = await join();
  await produce(1);
  await settled();
  await member.leave();
  await produce(5_000);
  broker.trim(TOPIC, 0, 5_000);
  await join();
  await settled();
  expect(sent).toEqual(["0:0:0/1", "0:5000:0/1"]);
  expect((await loadTotals(broker.state, GROUP.group, 0))?.sentBelow).toBeGreaterThan(5_000);
});
