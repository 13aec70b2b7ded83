import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SIGNALS } from "@rondo/otlp";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readRecording } from "../replay/recording.ts";
import { expectedIdentities } from "../replay/timeline.ts";
import { readCapture } from "./capture.ts";
import { compareIds } from "./compare.ts";

let path: string;
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "capture-"));
  path = join(folder, "capture.ndjson");
});
afterEach(() => rm(folder, { recursive: true }));

const recording = await readRecording(new URL("../../../../deploy/demo/recording.ndjson.gz", import.meta.url).pathname);
const lines = recording.map(({ signal, body }) =>
  JSON.stringify({ signal, tenant: "default", items: 1, body: body.toString("base64") }),
);

test("a capture of the whole recording holds its ids", async () => {
  await writeFile(path, `${lines.join("\n")}\n`);
  const captured = await readCapture(path);
  const expected = expectedIdentities(recording, undefined);
  for (const signal of SIGNALS) {
    const { missing, unexpected, duplicated } = compareIds(expected.held(signal), captured.held(signal));
    expect([missing, unexpected, duplicated]).toEqual([0, 0, 0]);
  }
  expect(SIGNALS.map((signal) => captured.count(signal).items)).toEqual([271, 151, 63]);
});

test("a torn last line is left out, whole or half; damage in the middle is named", async () => {
  await writeFile(path, `${lines[0]}\n${lines[1]?.slice(0, 50)}`);
  expect((await readCapture(path)).count("traces").requests).toBe(1);
  await writeFile(path, `${lines[0]}\n{"signal":"lags"}\n${lines[1]}\n`);
  await expect(readCapture(path)).rejects.toThrow("capture.ndjson:2 is not a captured batch");
});

test("a batch that the next process wrote right behind a torn one is read", async () => {
  await writeFile(path, `${lines[0]?.slice(0, 90)}${lines[1]}\n${lines[2]}\n`);
  const captured = await readCapture(path);
  expect(SIGNALS.reduce((sum, signal) => sum + captured.count(signal).requests, 0)).toBe(2);
});

test("a capture that is not there is said to be missing", async () => {
  await expect(readCapture(path)).rejects.toThrow("there is no capture file");
});
