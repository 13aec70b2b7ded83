/**
 * The power fails: `rondo up` is watched by strace, and from what it wrote and synced up to some moment a disk is made that a cut
 * may leave; Rondo is started on it and must deliver whatever was acknowledged until then.
 */
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { tool } from "../../needs.ts";
import { cutPower } from "../../powercut/disk.ts";
import { readRecording, TRACED } from "../../powercut/recording.ts";
import { between } from "../../rig/random.ts";
import { choosePorts, type Ports, prepareRondo } from "../../rig/rondo-process.ts";
import { isDrained, totalsOf } from "../account.ts";
import { chaosYaml } from "../config.ts";
import type { AloneFindings, AloneSetup, FaultCase } from "../fault.ts";
import { Opened } from "../kafka-site.ts";
import { followLines } from "../ledger.ts";
import { startLoad } from "../load.ts";
import { openWrittenDown, type WrittenDown } from "../written-down.ts";

/** Moments of a round from which a disk is made. */
const CUTS = 3;
/** What backends have been sent when everything stands still is written down after so long, milliseconds. */
const STILL_MS = 60;
const DRAIN_MS = 30_000;

/** What was written down, by who wrote it. */
class Written {
  readonly acked = new Set<string>();
  readonly delivered = new Map<string, Set<string>>();
  readonly #read: () => void;

  constructor({ ledgers, backends }: WrittenDown) {
    const acked = followLines(ledgers.acked.path);
    const deliveries = Object.entries(backends).map(([exporter, { ledger }]) => {
      const lines = new Set<string>();
      this.delivered.set(exporter, lines);
      return { lines, follow: followLines(ledger.path) };
    });
    this.#read = () => {
      for (const line of acked()) this.acked.add(line);
      for (const { lines, follow } of deliveries) for (const line of follow()) lines.add(line);
    };
  }

  read(): this {
    this.#read();
    return this;
  }
}

/** A moment at which everything stood still: the trace, and what was written down. */
interface Moment {
  readonly trace: string;
  readonly acked: readonly string[];
  readonly delivered: ReadonlyMap<string, ReadonlySet<string>>;
}

async function cutRound({ random, round, folder }: AloneSetup): Promise<AloneFindings> {
  const opened = new Opened();
  try {
    const down = await opened.add(openWrittenDown(folder, round, { partitions: 4, others: [] }));
    for (const backend of Object.values(down.backends)) backend.treat("calm");
    const [ports, data] = [await choosePorts(), join(folder, "data")];
    const moments = await record({ down, ports, folder, data, random, round });
    const problems: string[] = [];
    for (const [index, moment] of moments.entries()) {
      const found = await tryImage({ down, ports, folder: join(folder, `image-${index}`), data, moment, random });
      problems.push(...found.map((problem) => `disk ${index + 1}: ${problem}`));
    }
    const acked = moments.map((moment) => moment.acked.length);
    return {
      text: `power cut after ${acked.join(", ")} acknowledged items`,
      sent: followLines(down.ledgers.sent.path)().length,
      acked: Math.max(0, ...acked),
      problems: acked.some((items) => items > 0) ? problems : [...problems, "nothing was acknowledged"],
    };
  } finally {
    await opened.close();
  }
}

interface Recording {
  readonly down: WrittenDown;
  readonly ports: Ports;
  readonly folder: string;
  readonly data: string;
  readonly random: () => number;
  readonly round: number;
}

/** Load into a process under strace, which stands still now and then to be looked at, and is killed at last. */
async function record({ down, ports, folder, data, random, round }: Recording): Promise<readonly Moment[]> {
  const trace = join(folder, "trace");
  const strace = [tool("strace"), "-f", "-xx", "-s", String(1 << 24), "-e", `trace=${TRACED}`, "-e", "signal=none"];
  const rondo = prepareRondo(folder, ports, chaosYaml(ports, down), { data, under: [...strace, "-o", trace] });
  rondo.launch();
  try {
    await rondo.ready();
    const traced = Number(readFileSync(`/proc/${rondo.pid}/task/${rondo.pid}/children`, "latin1").trim().split(" ")[0]);
    const load = startLoad({ gateways: [ports], round, random, sent: down.ledgers.sent, acked: down.ledgers.acked });
    const written = new Written(down);
    const moments: Moment[] = [];
    while (moments.length < CUTS) {
      await pause(between(random, 300, 1_200));
      process.kill(traced, "SIGSTOP");
      await pause(STILL_MS);
      const { acked, delivered } = written.read();
      moments.push({
        trace: readFileSync(trace, "latin1"),
        acked: [...acked],
        delivered: new Map([...delivered].map(([exporter, lines]) => [exporter, new Set(lines)])),
      });
      process.kill(traced, "SIGCONT");
    }
    process.kill(traced, "SIGKILL");
    await load.stop();
    return moments;
  } finally {
    await rondo.kill().catch(() => undefined);
    rmSync(trace, { force: true });
  }
}

interface Image extends Omit<Recording, "round"> {
  readonly moment: Moment;
}

/** What is missing of everything acknowledged when Rondo has drained the disk that a cut at this moment may leave. */
async function tryImage({ down, ports, folder, data, moment, random }: Image): Promise<readonly string[]> {
  mkdirSync(folder);
  const image = join(folder, "data");
  // A last line without its end is one that was being written.
  const whole = moment.trace.slice(0, moment.trace.lastIndexOf("\n") + 1);
  const recording = readRecording(whole, data, join(folder, "none"));
  await cutPower(recording, recording.length, image, random);
  const after = new Written(down).read();
  for (const lines of after.delivered.values()) lines.clear();
  const rondo = prepareRondo(folder, ports, chaosYaml(ports, down), { data: image });
  rondo.launch();
  try {
    await rondo.ready();
    const deadline = performance.now() + DRAIN_MS;
    for (let last = ""; ; await pause(300)) {
      const samples = await rondo.metrics();
      const totals = isDrained(samples) ? totalsOf(samples) : "";
      if (totals !== "" && totals === last) break;
      if (performance.now() > deadline) return ["not drained"];
      last = totals;
    }
    const code = await rondo.stop();
    after.read();
    const missing = [...moment.delivered].flatMap(([exporter, before]) =>
      moment.acked
        .filter((line) => !before.has(line) && after.delivered.get(exporter)?.has(line) !== true)
        .map((line) => `${exporter} never delivered ${line}`),
    );
    return [
      ...(code === 0 ? [] : [`rondo up ended with code ${code}`]),
      ...(missing.length > 0 ? [`${missing.length} acknowledged items are missing`] : []),
      ...missing.slice(0, 3),
    ];
  } catch (thrown) {
    return [`Rondo does not run on it: ${thrown}`];
  } finally {
    await rondo.kill().catch(() => undefined);
  }
}

/** A power cut. */
export const power: FaultCase = {
  id: "F11",
  title: "A power cut",
  breaks:
    "at three moments of a load a disk is made of what was synced, and any part of what was only written (see test/powercut)",
  heals: "Rondo is started on each",
  checks: "on each disk, everything acknowledged until then is delivered",
  alone: cutRound,
  embedded: [],
};
