import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { fileState } from "./file-state.ts";

function place(): string {
  const folder = mkdtempSync(join(tmpdir(), "rondo-file-state-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, "replay", "r1.json");
}

test("what was put is there for the next process, in order of its keys, and the file goes with the last of it", async () => {
  const path = place();
  const state = await fileState(path);
  await Promise.all([
    state.put([{ key: "b/2", value: Buffer.from("two") }]),
    state.put([{ key: "b/1", value: Uint8Array.of(0, 255) }]),
    state.put([{ key: "a", value: Buffer.from("x") }]),
  ]);
  const next = await fileState(path);
  expect((await next.list("b/")).map(([key, value]) => [key, [...value]])).toEqual([
    ["b/1", [0, 255]],
    ["b/2", [...Buffer.from("two")]],
  ]);
  expect(Buffer.from(await next.putFirst("a", Buffer.from("y"))).toString()).toBe("x");
  expect(Buffer.from(await next.putFirst("c", Buffer.from("y"))).toString()).toBe("y");
  await next.put(["a", "b/1", "b/2", "c"].map((key) => ({ key, value: null })));
  expect(existsSync(path)).toBe(false);
});

test("a file that is something else is refused by name", async () => {
  const path = place();
  await (await fileState(path)).put([{ key: "a", value: Buffer.of(1) }]);
  writeFileSync(path, "{");
  await expect(fileState(path)).rejects.toThrow(`${path} is not what was written; remove it to begin again`);
});
