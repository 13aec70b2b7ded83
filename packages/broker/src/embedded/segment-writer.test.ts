import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { silentLog } from "@rondo/core";
import { expect, test } from "vitest";
import { type Decide, faultyFileSystem } from "./faulty-file-system.cases.ts";
import { temporaryDirectory } from "./journal.cases.ts";
import { logName, Positions } from "./segment.ts";
import { SegmentWriter } from "./segment-writer.ts";

const opening = { previous: null, starts: new Positions() };

async function begin(decide: Decide) {
  const directory = await temporaryDirectory();
  const options = { directory, salt: 1, log: silentLog, readOnly: false, onCorrupt: () => undefined, sync: true };
  const writer = await SegmentWriter.begin({ ...options, fs: faultyFileSystem(decide) }, 1, opening);
  return { writer, size: async () => (await readFile(join(directory, logName(1)))).length };
}

test("a segment grows when what was written is durable", async () => {
  const { writer, size } = await begin(() => undefined);
  const { end } = writer.segment;
  await writer.write([Buffer.from("ab"), Buffer.from("c")]);
  expect([writer.segment.end, await size()]).toEqual([end + 3, end + 3]);
  await writer.close();
});

test("a failed write is cut off and the file goes on; a failed sync ends it", async () => {
  let failing: string | undefined;
  const { writer, size } = await begin(({ operation }) =>
    operation === failing ? { code: "EIO", written: 2 } : undefined,
  );
  const { end } = writer.segment;
  failing = "writev";
  await expect(writer.write([Buffer.from("abc")])).rejects.toThrow("EIO");
  expect([writer.segment.end, await size(), writer.failed]).toEqual([end, end, false]);
  failing = "datasync";
  await expect(writer.write([Buffer.from("abc")])).rejects.toThrow("EIO");
  expect([writer.segment.end, await size(), writer.failed]).toEqual([end, end, true]);
  await writer.close();
});
