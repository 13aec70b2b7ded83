import { appendFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openEmbedded } from "@rondo/broker/embedded";
import { silentLog, systemClock } from "@rondo/core";
import { encodeTotals, totalsKey } from "@rondo/worker";
import { expect, onTestFinished, test } from "vitest";
import { printed } from "../configuration.cases.ts";
import { EXIT } from "../out.ts";
import { dataCheckCommand } from "./data-check.ts";

async function written(totals = 2): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "rondo-check-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const directory = join(folder, "data");
  const broker = await openEmbedded({ directory, clock: systemClock, log: silentLog });
  await broker.ensureTopics([{ name: "otlp_spans", partitions: 2 }]);
  await broker.registerGroup({ group: "g", topic: "otlp_spans", start: "earliest" });
  await broker.append("otlp_spans", 1, [
    { headers: {}, value: Buffer.from("ab") },
    { headers: {}, value: Buffer.from("c") },
  ]);
  await broker.state.put([{ key: totalsKey("g", 1), value: encodeTotals({ offset: totals, rows: {} }) }]);
  await broker.close();
  return directory;
}
async function run(data: string, repair = false) {
  const { lines, errors, out } = printed();
  return { code: await dataCheckCommand({ data, repair }, { out, clock: systemClock }), lines, errors };
}

test("a sound directory: a row for each partition, and 0", async () => {
  const { code, lines, errors } = await run(await written());
  expect([code, errors]).toEqual([EXIT.ok, []]);
  expect(lines).toEqual([
    expect.stringMatching(/^topic +partition +offsets +records +bytes +missing +oldest +newest$/),
    expect.stringMatching(/^otlp_spans +0 +0–0 +0 +0 +0 +– +–$/),
    expect.stringMatching(/^otlp_spans +1 +0–2 +2 +\d+ +0 +\d{4}-\S+Z +\d{4}-\S+Z$/),
    expect.stringMatching(/^1 files of the log, \d+ B$/),
    "everything that was acknowledged is there",
  ]);
});

test("a torn tail is a note, which --repair ends", async () => {
  const data = await written();
  await appendFile(join(data, "journal", "0000000001.log"), "torn");
  const before = await run(data);
  expect(before.code).toBe(EXIT.ok);
  expect(before.lines).toContainEqual(expect.stringMatching(/^note: .*0000000001.log: 4 B from position/));
  const repaired = await run(data, true);
  expect(repaired.lines[0]).toMatch(/^repaired: .*cutting 4 B off its end/);
  expect((await run(data, true)).lines[0]).toBe("nothing was to be repaired");
});

test("totals above the end of their partition, and totals that cannot be read, are errors", async () => {
  const above = await run(await written(3));
  expect(above.code).toBe(EXIT.failed);
  expect(above.errors).toEqual([
    "error: otlp_spans/1: ends at offset 2, and the account of group g counts up to 3: it cannot be right any more",
  ]);
  const data = await written();
  const broker = await openEmbedded({ directory: data, clock: systemClock, log: silentLog });
  await broker.state.put([{ key: totalsKey("g", 0), value: Buffer.from("{") }]);
  await broker.close();
  expect((await run(data)).errors).toEqual(["error: otlp_spans/0: the totals under totals/g/0 cannot be read"]);
});

test("a state that LMDB must not see is an error, not a crash", async () => {
  const data = await written();
  await writeFile(join(data, "state", "data.mdb"), Buffer.alloc(10_000, 1));
  const { code, errors } = await run(data);
  expect([code, errors]).toEqual([EXIT.failed, [expect.stringContaining("data.mdb: cannot be read")]]);
  expect(await run(data, true)).toMatchObject({ code: EXIT.usage });
});

test("what is no data directory is refused with 2", async () => {
  const { code, errors } = await run(join(await written(), "nowhere"));
  expect([code, errors]).toEqual([EXIT.usage, [expect.stringMatching(/^rondo data check: .*holds no data of Rondo/)]]);
});
