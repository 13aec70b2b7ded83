import { expect, test } from "vitest";
import { faultyFileSystem } from "./faulty-file-system.cases.ts";
import { contentOf, journalRig, recordOf } from "./journal.cases.ts";

test("a reader that keeps up never touches the disk and gets the very bytes that were appended", async () => {
  const rig = await journalRig();
  let reads = 0;
  const fs = faultyFileSystem(({ operation }) => {
    if (operation === "read") reads++;
    return undefined;
  });
  const journal = await rig.open({ fs, tailCacheBytes: 1 << 20 });
  const value = Buffer.alloc(50_000, 3);
  const { baseOffset } = await journal.append(0, [{ headers: {}, value }]);
  const [record] = await journal.read(0, baseOffset, 1);
  expect(record?.value).toBe(value);
  expect(reads).toBe(0);
  await journal.close();
});

test("streams that share a file are read apart, from memory and from disk", async () => {
  const rig = await journalRig();
  const journal = await rig.open({ segmentBytes: 700, tailCacheBytes: 1500 });
  for (let index = 0; index < 30; index++) await journal.append(index % 3, [recordOf(`${index}`)]);
  for (const stream of [0, 1, 2]) {
    const wanted = Array.from({ length: 10 }, (_, index) => `${index}:${index * 3 + stream}`).join(" ");
    expect(await contentOf(journal, stream)).toBe(wanted);
  }
  expect(await journal.read(3, 0, 100)).toEqual([]);
  await journal.close();
});

test("records without a value are bounded in number", async () => {
  const rig = await journalRig();
  const journal = await rig.open();
  const empty = { headers: {}, value: new Uint8Array() };
  await journal.append(
    0,
    Array.from({ length: 10_001 }, () => empty),
  );
  expect(await journal.read(0, 0, 1)).toHaveLength(10_000);
  expect(await journal.read(0, 10_000, 1)).toHaveLength(1);
  await journal.close();
});

test("a disk that cannot be read is unavailable, not empty", async () => {
  const rig = await journalRig();
  let broken = false;
  const fs = faultyFileSystem(({ operation }) => (broken && operation === "read" ? { code: "EIO" } : undefined));
  const journal = await rig.open({ fs });
  await journal.append(0, [recordOf("a")]);
  broken = true;
  await expect(journal.read(0, 0, 1)).rejects.toMatchObject({ code: "unavailable" });
  broken = false;
  expect(await contentOf(journal, 0)).toBe("0:a");
  await journal.close();
});
