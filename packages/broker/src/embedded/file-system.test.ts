import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { errorCode, nodeFileSystem } from "./file-system.ts";
import { temporaryDirectory } from "./journal.cases.ts";

test("writes what it is given where it is told, however many buffers there are", async () => {
  const path = join(await temporaryDirectory(), "file");
  const file = await nodeFileSystem.open(path, "create");
  const buffers = Array.from({ length: 3000 }, (_, index) => Buffer.alloc(index % 17, index));
  await file.writev([Buffer.from("head")], 0);
  await file.writev(buffers, 4);
  await file.datasync();
  expect(await readFile(path)).toEqual(Buffer.concat([Buffer.from("head"), ...buffers]));
  expect(await file.size()).toBe(4 + Buffer.concat(buffers).length);
  await file.truncate(2);
  const into = Buffer.alloc(8);
  expect(await file.read(into, 1)).toBe(1);
  expect(into.toString("latin1", 0, 1)).toBe("e");
  await file.close();
});

test("a file is made once, and failures carry the system's code", async () => {
  const directory = await temporaryDirectory();
  const path = join(directory, "file");
  await (await nodeFileSystem.open(path, "create")).close();
  const again = await nodeFileSystem.open(path, "create").catch(errorCode);
  expect(again).toBe("EEXIST");
  expect(await nodeFileSystem.open(join(directory, "none"), "read").catch(errorCode)).toBe("ENOENT");
  await nodeFileSystem.link(path, join(directory, "second"));
  expect(await nodeFileSystem.link(path, join(directory, "second")).catch(errorCode)).toBe("EEXIST");
  await nodeFileSystem.syncDirectory(directory);
  expect([...(await nodeFileSystem.list(directory))].sort()).toEqual(["file", "second"]);
});
