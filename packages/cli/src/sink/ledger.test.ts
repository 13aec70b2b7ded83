import { appendFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Ledger, type LedgerLine, readLedger } from "./ledger.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "ledger-"));
});
afterEach(() => rm(folder, { recursive: true }));

const line = (n: number): LedgerLine => ({
  at: n,
  listener: "otlp/a",
  via: "grpc",
  signal: "logs",
  ids: [`id${n}`],
  contents: ["c"],
});

test("what was appended at once from many sides is read back whole, each line once", async () => {
  const path = join(folder, "ledger");
  const ledger = await Ledger.open(path);
  await Promise.all(Array.from({ length: 200 }, (_, n) => ledger.append(line(n))));
  await ledger.append(line(200));
  await ledger.close();
  const read = await readLedger(path);
  expect(read.map(({ at }) => at).sort((a, b) => a - b)).toEqual(Array.from({ length: 201 }, (_, n) => n));
});

test("a ledger goes on where an earlier run left it", async () => {
  const path = join(folder, "ledger");
  for (const n of [1, 2]) {
    const ledger = await Ledger.open(path);
    await ledger.append(line(n));
    await ledger.close();
  }
  expect((await readLedger(path)).map(({ at }) => at)).toEqual([1, 2]);
});

test("a torn last line was never acknowledged and is left out; any other damage is named", async () => {
  const path = join(folder, "ledger");
  await writeFile(path, `${JSON.stringify(line(1))}\n`);
  await appendFile(path, '{"at": 2, "li');
  expect(await readLedger(path)).toEqual([line(1)]);
  await appendFile(path, "\n");
  await expect(readLedger(path)).rejects.toThrow("ledger:2 is not a ledger line");
  await writeFile(path, '{"at":1}\n');
  await expect(readLedger(path)).rejects.toThrow("ledger:1 is not a ledger line");
});

test("a file that cannot be written is a failed start with a way out", async () => {
  await expect(Ledger.open(join(folder, "no", "such"))).rejects.toThrow("name a file in a writable folder");
});
