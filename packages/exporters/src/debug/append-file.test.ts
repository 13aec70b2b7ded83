import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { AppendFile } from "./append-file.ts";

const folder = mkdtempSync(join(tmpdir(), "rondo-append-"));
afterAll(() => rmSync(folder, { recursive: true }));

test.each(["buffered", "synced"] as const)(
  "%s: lines stand in the order of the calls, each whole",
  async (durability) => {
    const path = join(folder, durability);
    const file = new AppendFile(path, durability);
    const lines = Array.from({ length: 500 }, (_, index) => `${index} ${"x".repeat(index)}\n`);
    await Promise.all(lines.slice(0, 300).map((line) => file.write(line)));
    for (const line of lines.slice(300)) await file.write(line);
    await file.close();
    expect(readFileSync(path, "utf8")).toBe(lines.join(""));
  },
);

test("a line is there when its write resolves, and one torn by a crash does not spoil the next", async () => {
  const path = join(folder, "torn");
  writeFileSync(path, "whole\nto");
  const file = new AppendFile(path, "synced");
  await file.write("next\n");
  expect(readFileSync(path, "utf8")).toBe("whole\nto\nnext\n");
  await file.close();
});

test("a failure is the writer's, and the next write tries again", async () => {
  const path = join(folder, "later", "file");
  const file = new AppendFile(path, "buffered");
  await expect(file.write("lost\n")).rejects.toThrow("ENOENT");
  mkdirSync(join(folder, "later"));
  await file.write("kept\n");
  expect(readFileSync(path, "utf8")).toBe("kept\n");
  await file.close();
});
