/**
 * Nothing that was acknowledged is missing after a power cut: a process writes and commits while strace records its writes
 * and syncs, disks are made that a cut at a random moment may leave, and each is opened and held against the promises: 150, or as
 * many as `RONDO_RUNS` says.
 */
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { checkData, openEmbedded } from "@rondo/broker/embedded";
import { silentLog, systemClock } from "@rondo/core";
import { afterAll, beforeAll, describe, expect } from "vitest";
import { needs, tool } from "../needs.ts";
import { type Acknowledged, checkpointOf, expectedValue, GROUP, TOPIC } from "./acknowledged.ts";
import { cutPower, type Random } from "./disk.ts";
import { type Operation, readRecording, TRACED } from "./recording.ts";

const IMAGES = Number(process.env["RONDO_RUNS"] ?? 150);
const IMAGE_MS = 600;
const SEED = 20_261_123;

/** mulberry32: the same numbers for the same seed, so that an image that fails can be made again. */
function seeded(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

describe("a power cut", () => {
  let root: string;
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), "rondo-powercut-"));
  });
  afterAll(() => rm(root, { recursive: true }));

  async function record(sync: boolean): Promise<readonly Operation[]> {
    const directory = join(root, `data-${sync}`);
    const acknowledgements = join(root, `acknowledged-${sync}`);
    const trace = join(root, `trace-${sync}`);
    await writeFile(acknowledgements, "");
    const main = fileURLToPath(new URL("main.ts", import.meta.url));
    const strace = ["-f", "-xx", "-s", String(1 << 24), "-e", `trace=${TRACED}`, "-e", "signal=none", "-o", trace];
    const node = [process.execPath, "--conditions=source", main, directory, acknowledgements, String(sync)];
    await promisify(execFile)(tool("strace"), [...strace, ...node]);
    const recording = readRecording(await readFile(trace, "latin1"), directory, acknowledgements);
    await rm(trace);
    return recording;
  }

  /** What a promise lacks on the disk that image `seed` leaves; empty when everything is there. */
  async function lossesOf(recording: readonly Operation[], seed: number): Promise<readonly string[]> {
    const random = seeded(SEED + seed);
    const cut = Math.floor(random() * (recording.length + 1));
    const directory = join(root, `image-${seed}`);
    await cutPower(recording, cut, directory, random);
    const promises = recording.slice(0, cut).flatMap((operation) =>
      // Written by main.ts.
      operation.kind === "acknowledged" ? [JSON.parse(operation.line) as Acknowledged] : [],
    );
    const losses: string[] = [];
    // A second opening must find what the first one left: repairs repair.
    for (let opening = 1; opening <= 2; opening++) losses.push(...(await check(directory, promises)));
    await rm(directory, { recursive: true });
    return losses.map((loss) => `image ${seed}, cut after ${cut} of ${recording.length} operations: ${loss}`);
  }

  const all = async () => {
    const recording = await record(true);
    expect(recording.filter(({ kind }) => kind === "acknowledged").length).toBeGreaterThan(400);
    const removed = recording.filter((one) => one.kind === "unlink" && one.path.endsWith(".log"));
    expect(removed.length, "files that retention removes").toBeGreaterThan(5);
    const losses: string[] = [];
    for (let seed = 0; seed < IMAGES; seed++) losses.push(...(await lossesOf(recording, seed)));
    expect(losses).toEqual([]);
  };
  needs("strace")(`leaves everything acknowledged on ${IMAGES} disks`, all, 60_000 + IMAGES * IMAGE_MS);

  const withoutSyncing = async () => {
    const recording = await record(false);
    let lost = 0;
    for (let seed = 0; seed < 20; seed++) lost += (await lossesOf(recording, seed)).length;
    expect(lost).toBeGreaterThan(0);
  };
  needs("strace")("loses something without syncing, so that this test can fail", withoutSyncing, 60_000);
});

async function check(directory: string, promises: readonly Acknowledged[]): Promise<readonly string[]> {
  const losses: string[] = [];
  const faults: string[] = [];
  const log = { ...silentLog, error: (message: string) => faults.push(message) };
  let broker: Awaited<ReturnType<typeof openEmbedded>>;
  try {
    broker = await openEmbedded({ directory, clock: systemClock, log, sync: false });
  } catch (thrown) {
    return [`cannot be opened: ${thrown}`];
  }
  try {
    const registered = promises.some(({ kind }) => kind === "registered");
    const topics = await broker.partitions(TOPIC).catch(() => 0);
    if (registered && topics === 0) return ["the topic is missing"];
    const positions = await broker.position(GROUP).catch(() => []);
    if (registered && positions.length === 0) losses.push("the group is missing");
    const served = new Map<string, string>();
    const lows: number[] = [];
    for (let partition = 0; partition < topics; partition++) {
      for (const [offset, id] of await everything(broker, partition, losses)) served.set(`${partition}/${offset}`, id);
      const { low } = await broker.watermarks(TOPIC, partition);
      lows.push(low);
      const totals = Buffer.from((await broker.state.get(`totals/${partition}`)) ?? []).toString();
      const committed = positions[partition]?.committed;
      if (totals !== String(committed ?? "")) losses.push(`totals ${totals} beside commit ${committed}`);
      const checkpoint = Buffer.from((await broker.state.get(`checkpoint/${partition}`)) ?? []);
      if (!checkpoint.equals(committed === undefined ? Buffer.of() : checkpointOf(committed)))
        losses.push(`a checkpoint of ${checkpoint.length} B beside commit ${committed}`);
      // Size takes only what was read, and that it was read is durable first.
      if (low > (committed ?? 0))
        losses.push(`retention took ${partition}/${committed ?? 0} up to ${low}, which nobody had read`);
    }
    for (const promise of promises) {
      if (promise.kind === "append") {
        for (const [place, id] of promise.ids.entries()) {
          const offset = promise.baseOffset + place;
          if (offset < (lows[promise.partition] ?? 0)) continue;
          const found = served.get(`${promise.partition}/${offset}`);
          if (found !== id) losses.push(`${id} is missing, ${found} stands in its place`);
        }
      } else if (promise.kind === "commit" && (positions[promise.partition]?.committed ?? -1) < promise.offset) {
        losses.push(`the commit ${promise.offset} of partition ${promise.partition} is missing`);
      }
    }
  } finally {
    await broker.close();
  }
  // What a start has tidied up, a look at every byte finds whole.
  const { findings } = await checkData({ directory });
  const found = findings.filter(({ kind }) => kind !== "note").map(({ place, message }) => `${place}: ${message}`);
  return [...losses, ...faults, ...found];
}

/** Every record of a partition as [offset, id]; bytes or order that are wrong go to `losses`. */
async function everything(
  broker: Awaited<ReturnType<typeof openEmbedded>>,
  partition: number,
  losses: string[],
): Promise<readonly (readonly [number, string])[]> {
  const found: (readonly [number, string])[] = [];
  for (let next = 0; ; ) {
    const records = await broker.read(TOPIC, partition, next, 1 << 20);
    if (records.length === 0) return found;
    for (const { offset, headers, value } of records) {
      const id = headers["id"] ?? "";
      if (offset < next) losses.push(`offset ${offset} is served after ${next - 1}`);
      if (!expectedValue(id).equals(value)) losses.push(`the bytes of ${id} are not what was appended`);
      found.push([offset, id]);
      next = offset + 1;
    }
  }
}
