import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Fault, silentLog } from "@rondo/core";
import { FakeClock } from "@rondo/testkit";
import { afterAll, expect, test } from "vitest";
import { watchFiles } from "./watch-files.ts";

const folder = mkdtempSync(join(tmpdir(), "rondo-watch-"));
afterAll(() => rmSync(folder, { recursive: true }));

function watching(name: string, content: string) {
  const path = join(folder, name);
  const put = (text: string) => writeFileSync(path, text);
  put(content);
  const clock = new FakeClock();
  const taken: string[] = [];
  const told: string[] = [];
  const start = (everyMs: number) =>
    watchFiles({
      files: [{ key: "k", path }],
      everyMs,
      take([given]) {
        const text = String(given);
        if (text === "bad") throw new Fault("config", "k: it is bad");
        taken.push(text);
      },
      reloaded: (outcome) => void told.push(outcome),
      clock,
      log: { ...silentLog, error: (_, fields) => void told.push(String(fields?.["fault"])) },
    });
  return { path, put, clock, taken, told, start };
}

test("hands over what is there, and again when it has changed", async () => {
  const { put, clock, taken, told, start } = watching("a", "1");
  const stop = await start(1_000);
  await clock.advance(1_000);
  await expect.poll(() => clock.pending).toBe(1);
  expect(taken).toEqual(["1"]);
  put("2");
  await clock.advance(1_000);
  await expect.poll(() => clock.untilNext).toBe(250);
  // Half of it was there: what follows must stand still as well.
  put("23");
  await clock.advance(250);
  await expect.poll(() => clock.untilNext).toBe(250);
  expect(taken).toEqual(["1"]);
  await clock.advance(250);
  await expect.poll(() => taken).toEqual(["1", "23"]);
  expect(told).toEqual(["ok"]);
  await expect.poll(() => clock.pending).toBe(1);
  stop();
  expect(clock.pending).toBe(0);
});

test("what is broken or gone is told once, and what comes after it is taken", async () => {
  const { path, put, clock, taken, told, start } = watching("b", "1");
  const stop = await start(1_000);
  const look = async () => {
    await clock.advance(1_000);
    await expect.poll(() => clock.pending).toBe(1);
  };
  put("bad");
  await look();
  await look();
  expect(told).toEqual(["failed", "k: it is bad"]);
  rmSync(path);
  await look();
  await look();
  expect(told.slice(2)).toEqual(["failed", expect.stringMatching(/^k: .* cannot be read \(ENOENT\)$/)]);
  put("2");
  await look();
  await look();
  expect(taken).toEqual(["1", "2"]);
  stop();
});

test("0 reads once; a start with a bad or an oversized file fails", async () => {
  const { put, clock, start } = watching("c", "1");
  await start(0);
  expect(clock.pending).toBe(0);
  put("bad");
  await expect(start(0)).rejects.toThrow("k: it is bad");
  put("x".repeat((4 << 20) + 1));
  await expect(start(0)).rejects.toMatchObject({ code: "config", message: expect.stringContaining("more than") });
});
