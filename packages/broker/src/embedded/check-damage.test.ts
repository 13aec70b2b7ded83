/** Any damage to a journal: the check says exactly how much is left, and a repair leaves all of that readable. */
import { appendFile, cp, mkdtemp, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLog, systemClock } from "@rondo/core";
import fc from "fast-check";
import { expect, test } from "vitest";
import { checkData, repairData } from "./check-data.ts";
import { temporaryDirectory } from "./journal.cases.ts";
import { openEmbedded } from "./open-embedded.ts";

const PARTITIONS = 2;

async function written(): Promise<string> {
  const directory = join(await temporaryDirectory(), "data");
  const options = { clock: systemClock, log: silentLog, segmentBytes: 3000 };
  const broker = await openEmbedded({ directory, ...options });
  await broker.ensureTopics([{ name: "t", partitions: PARTITIONS }]);
  for (let index = 0; index < 24; index++) {
    const value = Buffer.alloc(50 + ((index * 131) % 700), index);
    await broker.append("t", index % PARTITIONS, [{ headers: { n: `${index}` }, value }]);
  }
  await broker.close();
  return directory;
}

/** Every record that a reader gets, as `partition/offset:first byte`. */
async function readable(directory: string, readOnly: boolean): Promise<ReadonlySet<string>> {
  const broker = await openEmbedded({ directory, clock: systemClock, log: silentLog, readOnly });
  const found = new Set<string>();
  for (let partition = 0; partition < PARTITIONS; partition++) {
    for (let next = 0, more = true; more; ) {
      const records = await broker.read("t", partition, next, 1e6);
      for (const { offset, value } of records) found.add(`${partition}/${offset}:${value[0]}`);
      more = records.length > 0;
      next = (records.at(-1)?.offset ?? 0) + 1;
    }
  }
  await broker.close();
  return found;
}

const place = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const harm = fc.record({
  file: place,
  at: place,
  kind: fc.constantFrom("flip" as const, "zero" as const, "cut" as const, "grow" as const, "remove" as const),
});

type Harm = typeof harm extends fc.Arbitrary<infer T> ? T : never;

async function inflict(journal: string, { file, at, kind }: Harm): Promise<void> {
  const names = (await readdir(journal)).sort();
  const path = join(journal, names[Math.floor(file * names.length)] ?? "");
  if (names.length === 0) return;
  const bytes = await readFile(path);
  const position = Math.floor(at * bytes.length);
  if (kind === "remove") await rm(path);
  else if (kind === "cut") await truncate(path, position);
  else if (kind === "grow") await appendFile(path, Buffer.alloc(position, 7));
  else {
    const length = kind === "zero" ? 600 : 1;
    bytes.fill(
      kind === "zero" ? 0 : (bytes[position] ?? 0) ^ 0xff,
      position,
      Math.min(bytes.length, position + length),
    );
    await writeFile(path, bytes);
  }
}

test("whatever is damaged, the rows count what is readable, and a repair takes nothing of it", {
  timeout: 60_000,
}, async () => {
  const sound = await written();
  const whole = await readable(sound, true);
  expect(whole.size).toBe(24);
  await fc.assert(
    fc.asyncProperty(fc.array(harm, { minLength: 1, maxLength: 4 }), async (harms) => {
      const folder = await mkdtemp(join(tmpdir(), "rondo-damage-"));
      try {
        const directory = join(folder, "data");
        await cp(sound, directory, { recursive: true });
        for (const one of harms) await inflict(join(directory, "journal"), one);
        const { partitions, findings } = await checkData({ directory });
        const before = await readable(directory, true);
        for (const one of before) expect(whole).toContain(one);
        // An index that lies hides records from readers until it is made again.
        const isHidden = findings.some(({ kind }) => kind === "repairable");
        const counted = partitions.reduce((sum, { records }) => sum + records, 0);
        if (!isHidden) expect(counted).toBe(before.size);
        await repairData({ directory, clock: systemClock });
        const after = await readable(directory, false);
        for (const one of before) expect(after).toContain(one);
        expect(after.size).toBe(counted);
        const again = await checkData({ directory });
        expect(again.findings.filter(({ kind }) => kind === "repairable")).toEqual([]);
      } finally {
        await rm(folder, { recursive: true });
      }
    }),
    { numRuns: 40 },
  );
});
