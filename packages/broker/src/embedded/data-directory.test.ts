import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { systemClock } from "@rondo/core";
import { expect, test } from "vitest";
import { type DirectoryOptions, openDirectory, startupFault } from "./data-directory.ts";
import { findProcess } from "./directory-lock.ts";
import { faultyFileSystem, systemError } from "./faulty-file-system.cases.ts";
import { nodeFileSystem } from "./file-system.ts";
import { temporaryDirectory } from "./journal.cases.ts";

const optionsFor = (directory: string, changes: Partial<DirectoryOptions> = {}): DirectoryOptions => ({
  fs: nodeFileSystem,
  directory,
  readOnly: false,
  clock: systemClock,
  findProcess,
  ...changes,
});

test("a directory keeps its salt, and another one has another", async () => {
  const directory = join(await temporaryDirectory(), "deep", "er");
  const first = await openDirectory(optionsFor(directory));
  await first.unlock();
  const second = await openDirectory(optionsFor(directory));
  await second.unlock();
  expect(second.salt).toBe(first.salt);
  const other = await openDirectory(optionsFor(await temporaryDirectory()));
  expect(other.salt).not.toBe(first.salt);
  await other.unlock();
});

test("what fails is undone: the directory is not left locked", async () => {
  const directory = await temporaryDirectory();
  const fs = faultyFileSystem(({ operation, name }) =>
    operation === "open" && name === "version.new" ? { code: "ENOSPC" } : undefined,
  );
  await expect(openDirectory(optionsFor(directory, { fs }))).rejects.toMatchObject({
    code: "startup",
    message: expect.stringContaining("no room is left"),
  });
  expect(await readdir(join(directory, "lock"))).toEqual([]);
});

test("a version that is none of ours is named", async () => {
  const directory = await temporaryDirectory();
  await writeFile(join(directory, "version"), "something else");
  await expect(openDirectory(optionsFor(directory))).rejects.toThrow(
    /says "something else", this build reads version 1/,
  );
});

test.each(["EACCES", "EROFS", "ENOTDIR", "EEXIST", "ENOSPC", "ELOOP"])("%s becomes one sentence", (code) => {
  const { message } = startupFault("/data", systemError(code));
  expect(message).toMatch(/^data directory \/data: .+/);
});
