import { readFile, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { nodeFileSystem } from "./file-system.ts";
import { temporaryDirectory } from "./journal.cases.ts";
import { openStore } from "./store.ts";
import { storeFileProblem, storeHeadProblem } from "./store-file.ts";

/** A store with several levels, values on pages of their own, and pages that were freed again. */
async function written(): Promise<string> {
  const directory = await temporaryDirectory();
  const store = openStore({ directory, readOnly: false });
  const put = (from: number, to: number, value: (index: number) => Uint8Array | null) =>
    store.write(() =>
      Array.from({ length: to - from }, (_, index) => ({ key: `key ${from + index}`, value: value(from + index) })),
    );
  await put(0, 2000, (index) => Buffer.alloc(index % 300, index));
  await put(500, 1000, () => null);
  await put(0, 5, (index) => Buffer.alloc(20_000 * index, index));
  await put(1990, 1999, () => Buffer.alloc(10, 7));
  await store.close();
  return join(directory, "data.mdb");
}
const problems = async (path: string) => [
  await storeHeadProblem(nodeFileSystem, path),
  await storeFileProblem(nodeFileSystem, path),
];

test("nothing is wrong with what LMDB wrote, nor with what was never made", async () => {
  expect(await problems(await written())).toEqual([undefined, undefined]);
  expect(await problems(join(await temporaryDirectory(), "data.mdb"))).toEqual([undefined, undefined]);
  const directory = await temporaryDirectory();
  await openStore({ directory, readOnly: false }).close();
  expect(await problems(join(directory, "data.mdb"))).toEqual([undefined, undefined]);
});

test("an empty file, one of something else and one that was cut short are refused by their heads", async () => {
  const path = await written();
  await truncate(path, 12_000);
  expect(await storeHeadProblem(nodeFileSystem, path)).toMatch(/^it ends at 12000 B, before page \d+$/);
  await truncate(path, 5000);
  expect(await storeHeadProblem(nodeFileSystem, path)).toBe("it ends at 5000 B, before page 1");
  await truncate(path, 100);
  expect(await storeHeadProblem(nodeFileSystem, path)).toBe("its first pages are not those of LMDB");
  await truncate(path, 0);
  expect(await storeHeadProblem(nodeFileSystem, path)).toBe("it is empty");
});

test("one damaged head does no harm: the other counts", async () => {
  const path = await written();
  const bytes = await readFile(path);
  await writeFile(path, bytes.fill(0, 0, 4096));
  expect(await storeHeadProblem(nodeFileSystem, path)).toBeUndefined();
});

test("a page that is not what stood there is found", async () => {
  const path = await written();
  const bytes = await readFile(path);
  await writeFile(path, Buffer.from(bytes).fill(0xa5, 3 * 4096));
  expect(await storeFileProblem(nodeFileSystem, path)).toMatch(/^page \d+ is not what should stand there$/);
});

test("whatever the bytes are, looking ends, with a sentence or without", async () => {
  const path = await written();
  const bytes = await readFile(path);
  const one = fc.record({ at: fc.nat(bytes.length - 1), value: fc.integer({ min: 0, max: 255 }) });
  await fc.assert(
    fc.asyncProperty(fc.array(one, { maxLength: 40 }), async (changes) => {
      const damaged = Buffer.from(bytes);
      for (const { at, value } of changes) damaged[at] = value;
      await writeFile(path, damaged);
      const problem = await storeFileProblem(nodeFileSystem, path);
      expect(problem === undefined || problem.length > 5).toBe(true);
    }),
    { numRuns: 60 },
  );
});
