/** `npm run bench:peer`: both arms in the order A B B A …, a JSON line for every round, and the median ratio last. */
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startBenchKafka } from "./bench-kafka.ts";
import { buildCorpus } from "./corpus.ts";
import { type BenchOptions, readOptions, USAGE, UsageError } from "./options.ts";
import { type Figures, type RoundOptions, runArm } from "./round.ts";

/** The middle of the values, the lower of two; NaN of none. */
function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor((values.length - 1) / 2)] ?? Number.NaN;
}

/** A line of JSON. Three digits behind the point are more than the method can tell apart. */
function line(value: object): string {
  return JSON.stringify(value, (_key, one) => (typeof one === "number" ? Number(one.toFixed(3)) : one));
}

/** The arm that warms Kafka up, seconds. */
const UNCOUNTED = { idleSeconds: 0, warmSeconds: 20, measureSeconds: 1 };

async function main(): Promise<number> {
  const options = readOptions(process.argv.slice(2));
  if (options === undefined) {
    console.log(USAGE);
    return 0;
  }
  const corpus = buildCorpus(options.signal, options.size, options.seed);
  const bytes =
    corpus.templates.reduce((sum, { body }) => sum + body.length, 0) / (corpus.templates.length * corpus.size);
  console.log(line({ ...options, corpus: corpus.hash.slice(0, 16), bytesPerItem: bytes, node: process.version }));
  const scratch = mkdtempSync(join(tmpdir(), "rondo-bench-"));
  const kafka = options.topology === "t1" ? await startBenchKafka() : undefined;
  const round = { ...options, corpus, kafka };
  try {
    // A node that has just started compiles while it serves, and the first arm would wait for that: it is run for nothing.
    if (kafka !== undefined)
      await runArm(options.arms[0], { ...round, profile: undefined, ...UNCOUNTED }, join(scratch, "uncounted"));
    return await compare(options, round, scratch);
  } finally {
    await kafka?.close();
  }
}

/** Runs the rounds; 1 when one was void. */
async function compare(options: BenchOptions, round: RoundOptions, scratch: string): Promise<number> {
  const ratios: number[] = [];
  let voided = 0;
  for (let number = 0; number < options.rounds; number++) {
    // A B, then B A: what warms up or wears out over time hits both alike.
    const order = number % 2 === 0 ? [0, 1] : [1, 0];
    const figures: Figures[] = [];
    for (const which of order) {
      const arm = options.arms[which === 0 ? 0 : 1];
      figures[which] = await runArm(arm, round, join(scratch, `${number}-${which}`));
    }
    const [ours, theirs] = figures;
    if (ours === undefined || theirs === undefined) throw new Error("a round has two arms");
    const counts = ours.problems.length === 0 && theirs.problems.length === 0;
    const ratio = ours.cpuPerMillion / theirs.cpuPerMillion;
    if (counts) ratios.push(ratio);
    else voided++;
    console.log(line({ round: number, counts, ratio, arms: [ours, theirs] }));
  }
  if (ratios.length > 0)
    console.log(
      `over ${ratios.length} rounds: ${Math.min(...ratios).toFixed(3)} to ${Math.max(...ratios).toFixed(3)}; ${voided} void`,
    );
  console.log(`ratio ${median(ratios).toFixed(3)}`);
  return voided > 0 ? 1 : 0;
}

try {
  process.exitCode = await main();
} catch (thrown) {
  if (!(thrown instanceof UsageError)) throw thrown;
  console.error(`${thrown.message}\n\n${USAGE}`);
  process.exitCode = 2;
}
