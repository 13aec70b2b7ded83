/** A short run over each transport and encoding, and everything that ever broke something once more. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { readCorpus } from "./corpus.ts";
import { inProcess } from "./in-process.ts";
import { goodRequest } from "./mutated-request.ts";
import { realPort } from "./real-port.ts";
import { fuzz } from "./run.ts";
import { type Encoding, seedsOf } from "./seeds.ts";
import type { Target, Transport } from "./target.ts";

const WAYS: readonly (readonly [Transport, Encoding])[] = [
  ["http", "protobuf"],
  ["http", "json"],
  ["grpc", "protobuf"],
];

async function sound(target: Target, encoding: Encoding, requests: number): Promise<void> {
  const result = await fuzz({
    target,
    seeds: await seedsOf(encoding),
    encoding,
    seed: 7,
    from: 0,
    requests,
    atOnce: 16,
  });
  expect(
    result.problems.map(({ index, text }) => `request ${index}: ${text}`),
    "npm run fuzz -- --help says how to run it again",
  ).toEqual([]);
  // Some of everything: most mutations are refused, many are not.
  for (const status of [...result.statuses.keys()]) expect([0, 3, 8, 12, 13, 200, 400, 413, 415]).toContain(status);
  const [most = 0, second = 0] = [...result.statuses.values()].sort((a, b) => b - a);
  expect(second).toBeGreaterThan(most / 50);
}

describe.each(WAYS)("%s, %s", (transport, encoding) => {
  test("in process: only answers of the table, and good requests are taken", async () => {
    await using target = await inProcess(transport);
    await sound(target, encoding, 2_000);
  });

  test("through a real port", async () => {
    const folder = mkdtempSync(join(tmpdir(), "rondo-fuzz-"));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    await using target = await realPort(transport, folder);
    await sound(target, encoding, 1_000);
  });

  test("what once broke something no longer does", async () => {
    const seeds = await seedsOf(encoding);
    await using target = await inProcess(transport);
    const replayed = readCorpus().filter(({ request }) => request.encoding === encoding);
    for (const [index, { name, request }] of replayed.entries()) {
      expect((await target.send(request)).problem, name).toBe(undefined);
      expect(await target.send(goodRequest(seeds, encoding, index)), name).toMatchObject({ whole: true });
      await target.check();
    }
    expect(replayed.length).toBeGreaterThan(0);
  });
});
