/** Small facts in one file, for a command that runs beside a process which has the log on this machine to itself. */
import { mkdir, open, readFile, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import type { StateStore, StateWrite } from "@rondo/broker";
import { Fault } from "@rondo/core";

/** A state store whose file is gone when nothing stands in it. */
export async function fileState(path: string): Promise<StateStore> {
  const facts = await readFacts(path);
  let writing: Promise<void> = Promise.resolve();
  const put = (writes: readonly StateWrite[]) => {
    for (const { key, value } of writes) {
      if (value === null) facts.delete(key);
      else facts.set(key, Buffer.from(value));
    }
    writing = writing.catch(() => undefined).then(() => writeFacts(path, facts));
    return writing;
  };
  return {
    get: async (key) => facts.get(key),
    list: async (prefix) =>
      [...facts]
        .filter(([key]) => key.startsWith(prefix))
        .toSorted(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b))),
    put,
    async putFirst(key, value) {
      const before = facts.get(key);
      if (before !== undefined) return before;
      await put([{ key, value }]);
      return value;
    },
  };
}

async function readFacts(path: string): Promise<Map<string, Uint8Array>> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (thrown) {
    if (thrown instanceof Error && "code" in thrown && thrown.code === "ENOENT") return new Map();
    throw new Fault("startup", `${path} cannot be read: ${Fault.from(thrown).message}`, { cause: thrown });
  }
  try {
    // Written by `writeFacts` below, whole or not at all.
    const facts = JSON.parse(text) as Readonly<Record<string, string>>;
    return new Map(Object.entries(facts).map(([key, value]) => [key, Buffer.from(value, "base64")]));
  } catch (thrown) {
    throw new Fault("corrupt", `${path} is not what was written; remove it to begin again`, { cause: thrown });
  }
}

async function writeFacts(path: string, facts: ReadonlyMap<string, Uint8Array>): Promise<void> {
  if (facts.size === 0) return await rm(path, { force: true });
  const passing = `${path}.new`;
  await mkdir(dirname(path), { recursive: true });
  const file = await open(passing, "w");
  try {
    const entries = [...facts].map(([key, value]) => [key, Buffer.from(value).toString("base64")] as const);
    await file.writeFile(JSON.stringify(Object.fromEntries(entries)));
    await file.datasync();
  } finally {
    await file.close();
  }
  await rename(passing, path);
}
