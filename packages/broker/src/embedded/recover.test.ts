import { appendFile, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { nodeFileSystem } from "./file-system.ts";
import { MAGIC } from "./frame.ts";
import { contentOf, type JournalRig, journalRig, recordOf } from "./journal.cases.ts";

const pad = (text: string) => text.padEnd(600, ".");
const logs = async ({ directory }: JournalRig) =>
  (await readdir(directory))
    .filter((name) => name.endsWith(".log"))
    .sort()
    .map((name) => join(directory, name));

/** Writes `texts` one by one, so that every frame but the last is proven durable by the next; closes. */
async function written(rig: JournalRig, texts: readonly string[], segmentBytes = 64 << 20): Promise<void> {
  const journal = await rig.open({ segmentBytes });
  for (const text of texts) await journal.append(0, [recordOf(pad(text))]);
  await journal.close();
}

/** The positions of the frames in a file. */
async function framesOf(path: string): Promise<readonly number[]> {
  const bytes = await readFile(path);
  const found: number[] = [];
  for (let at = bytes.indexOf(MAGIC); at >= 0; at = bytes.indexOf(MAGIC, at + 1)) found.push(at);
  return found;
}

async function damage(path: string, position: number): Promise<void> {
  const bytes = await readFile(path);
  bytes[position] = (bytes[position] ?? 0) ^ 0xff;
  await writeFile(path, bytes);
}

const values = async (rig: JournalRig) => {
  const journal = await rig.open();
  const content = (await contentOf(journal, 0)).replaceAll(".", "");
  const { high } = journal.watermarks(0);
  await journal.close();
  return { content, high };
};

test("a torn tail is cut off with a warning that names file and position, at every length", async () => {
  const rig = await journalRig();
  await written(rig, ["a", "b"]);
  const [path = ""] = await logs(rig);
  const whole = await readFile(path);
  const last = (await framesOf(path)).at(-1) ?? 0;
  for (let size = last + 1; size < whole.length; size += 37) {
    await writeFile(path, whole.subarray(0, size));
    rig.lines.length = 0;
    expect(await values(rig)).toEqual({ content: "0:a", high: 1 });
    expect(rig.lines).toEqual([expect.stringMatching(/0000000001\.log: cutting \d+ B off its end/)]);
  }
  expect(rig.faults).toEqual([]);
  const journal = await rig.open();
  expect((await journal.append(0, [recordOf("c")])).baseOffset).toBe(1);
  await journal.close();
});

test("garbage and zeros behind the end are cut off", async () => {
  for (const tail of [Buffer.alloc(10_000), Buffer.from("RBF1 that is none".repeat(100))]) {
    const rig = await journalRig();
    await written(rig, ["a", "b"]);
    const [path = ""] = await logs(rig);
    await appendFile(path, tail);
    expect(await values(rig)).toEqual({ content: "0:a 1:b", high: 2 });
    expect(rig.faults).toEqual([]);
  }
});

test.each([
  ["header", 10],
  ["magic", 0],
  ["body", 200],
])("a damaged %s in the newest file costs its batch only, and is reported", async (_, within) => {
  const rig = await journalRig();
  await written(rig, ["a", "b", "c", "d"]);
  const [path = ""] = await logs(rig);
  await damage(path, ((await framesOf(path))[2] ?? 0) + within);
  expect(await values(rig)).toEqual({ content: "0:a 2:c 3:d", high: 4 });
  expect(rig.faults).toMatchObject([{ code: "corrupt", message: expect.stringContaining("0000000001.log") }]);
});

test("a damaged record in a sealed file is reported when it is read, and skipped", async () => {
  const rig = await journalRig();
  await written(rig, ["a", "b", "c", "d", "e", "f"], 2100);
  const [path = ""] = await logs(rig);
  await damage(path, ((await framesOf(path))[2] ?? 0) + 200);
  expect(await values(rig)).toEqual({ content: "0:a 2:c 3:d 4:e 5:f", high: 6 });
  expect(rig.faults).toMatchObject([
    { code: "corrupt", message: expect.stringMatching(/0000000001\.log.*offsets 1 to 1/) },
  ]);
});

test("a sealed file that lost its end keeps the rest, and the offsets behind it stay", async () => {
  const rig = await journalRig();
  await written(rig, ["a", "b", "c", "d", "e", "f"], 2100);
  const [path = ""] = await logs(rig);
  await truncate(path, ((await framesOf(path))[2] ?? 0) + 100);
  const { content, high } = await values(rig);
  expect(high).toBe(6);
  expect(content).toMatch(/^0:a .*3:d 4:e 5:f$/);
  expect(rig.faults.length).toBeGreaterThan(0);
});

test("without sidecars the same is found", async () => {
  const rig = await journalRig();
  await written(rig, ["a", "b", "c", "d", "e", "f"], 2100);
  const before = await values(rig);
  for (const name of await readdir(rig.directory)) {
    if (name.endsWith(".idx")) await rm(join(rig.directory, name));
  }
  expect(await values(rig)).toEqual(before);
  for (const name of await readdir(rig.directory)) {
    if (name.endsWith(".idx")) await writeFile(join(rig.directory, name), "damaged");
  }
  expect(await values(rig)).toEqual(before);
  expect(rig.faults).toEqual([]);
});

test("a damaged opening frame loses no offsets: they are those at which the file before it ends", async () => {
  const rig = await journalRig();
  await written(rig, ["a", "b", "c", "d"], 1500);
  const paths = await logs(rig);
  const newest = paths.at(-1) ?? "";
  await damage(newest, 60);
  const { content, high } = await values(rig);
  expect(content).toBe("0:a 1:b 2:c 3:d");
  expect(high).toBe(4);
  const journal = await rig.open();
  expect((await journal.append(0, [recordOf("e")])).baseOffset).toBe(4);
  expect((await journal.append(1, [recordOf("e")])).baseOffset).toBe(0);
  await journal.close();
});

test("a file that a crash left empty or half begun is removed, and its number is not used again", async () => {
  for (const content of [Buffer.alloc(0), Buffer.alloc(4096), Buffer.from("RBF1half")]) {
    const rig = await journalRig();
    await written(rig, ["a"]);
    await writeFile(join(rig.directory, "0000000002.log"), content);
    expect(await values(rig)).toEqual({ content: "0:a", high: 1 });
    expect(rig.lines).toEqual([expect.stringContaining("0000000002.log is removed")]);
    expect(rig.faults).toEqual([]);
  }
});

test("a sealed file that is damaged from end to end costs its own records, and stays until retention takes it", async () => {
  const rig = await journalRig();
  await written(rig, ["a", "b", "c", "d", "e", "f"], 1500);
  const [, second = ""] = await logs(rig);
  await writeFile(second, Buffer.alloc((await readFile(second)).length));
  await rm(second.replace(".log", ".idx"));
  expect(await values(rig)).toEqual({ content: "0:a 1:b 4:e 5:f", high: 6 });
  expect(rig.faults).toMatchObject([{ code: "corrupt", message: expect.stringContaining("nothing in it") }]);
  expect(await logs(rig)).toHaveLength(3);
});

test("a newest file that is damaged from end to end is not removed either, and not written on", async () => {
  const rig = await journalRig();
  await written(rig, ["a"]);
  await writeFile(join(rig.directory, "0000000002.log"), Buffer.alloc(3 << 20));
  expect(await values(rig)).toEqual({ content: "0:a", high: 1 });
  expect(rig.faults).toMatchObject([{ code: "corrupt" }]);
  const journal = await rig.open();
  expect((await journal.append(0, [recordOf("b")])).baseOffset).toBe(1);
  await journal.close();
  expect(await logs(rig)).toHaveLength(3);
});

test("a reader beside a running process passes over what retention takes under its hands", async () => {
  const rig = await journalRig();
  await written(rig, ["a", "b", "c", "d", "e", "f"], 1500);
  const [first = ""] = await logs(rig);
  const fs = {
    ...nodeFileSystem,
    list: async () => (await nodeFileSystem.list(rig.directory)).concat("0000000000.log"),
  };
  const journal = await rig.open({ readOnly: true, fs });
  expect(journal.size().segments).toBe(3);
  await rm(first);
  await journal.close();
});

test("bytes that someone sent do not become records when the frame around them is damaged", async () => {
  const rig = await journalRig();
  const journal = await rig.open();
  await journal.append(0, [recordOf("a")]);
  await journal.close();
  const [path = ""] = await logs(rig);
  // Frames of another data directory, as someone could know them.
  const other = await journalRig();
  const foreign = await other.open({ salt: 43 });
  await foreign.append(0, [recordOf("injected")]);
  await foreign.close();
  const [foreignPath = ""] = await logs(other);
  const again = await rig.open();
  await again.append(0, [{ headers: {}, value: await readFile(foreignPath) }]);
  await again.append(0, [recordOf("c")]);
  await again.close();
  await damage(path, ((await framesOf(path))[2] ?? 0) + 12);
  const third = await rig.open();
  expect(await contentOf(third, 0)).toBe("0:a 2:c");
  await third.close();
});

test("reading only repairs nothing and sees what is whole", async () => {
  const rig = await journalRig();
  await written(rig, ["a", "b"]);
  const [path = ""] = await logs(rig);
  await appendFile(path, "torn");
  const before = await readFile(path);
  const journal = await rig.open({ readOnly: true });
  expect((await contentOf(journal, 0)).replaceAll(".", "")).toBe("0:a 1:b");
  await journal.close();
  expect(await readFile(path)).toEqual(before);
});
