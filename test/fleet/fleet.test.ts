/** The command that writes fleets, run as people run it, and read back by the reader of recordings. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { outage } from "@rondo/testkit/fleet";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readRecording } from "../../packages/cli/src/replay/recording.ts";

const MAIN = new URL("main.ts", import.meta.url).pathname;
const run = (...args: readonly string[]) =>
  execFileSync(process.execPath, ["--conditions=source", MAIN, ...args], { encoding: "utf8" });

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "fleet-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

test("what is written is read back, request by request", async () => {
  const said = run("--scenario", "outage", "--seed", "5", "--out", join(folder, "a"));
  const played = outage({ seed: 5, startMs: Date.UTC(2026, 0, 1) });
  expect(said).toContain(`${played.requests.length} requests`);
  const read = await readRecording(join(folder, "a/outage.ndjson.gz"));
  expect(read.map(({ t, via, signal, encoding, body }) => ({ t, via, signal, encoding, body }))).toEqual(
    played.requests.map((request) => ({ ...request, body: Buffer.from(request.body) })),
  );
  const truth = JSON.parse(readFileSync(join(folder, "a/outage.truth.json"), "utf8"));
  expect(truth.transitions).toHaveLength(played.truth.transitions.length);
});

test("the same seed writes the same files", () => {
  for (const name of ["b", "c"]) run("--seed", "6", "--speed", "30", "--out", join(folder, name));
  for (const file of ["outage.ndjson.gz", "outage.truth.json"]) {
    expect(readFileSync(join(folder, "b", file)).equals(readFileSync(join(folder, "c", file)))).toBe(true);
  }
});

test("without a folder it says how it is used", () => {
  expect(() => run("--seed", "1")).toThrow();
  expect(run("--help")).toContain("usage: npm run fleet");
});
