/**
 * A run: rounds of load, kill -9 and restart on one data directory, each ended by a comparison of ledgers. What a round did
 * and found is a value; printing it is the caller's business.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { sumOf } from "../rig/metrics-page.ts";
import { between, seededRandom } from "../rig/random.ts";
import { choosePorts, prepareRondo, type RondoProcess } from "../rig/rondo-process.ts";
import { checkAccount, isDrained, totalsOf } from "./account.ts";
import { type Backend, startBackend } from "./backend.ts";
import { capturedLines } from "./capture.ts";
import { chaosYaml, DEBUG, OTLP, OTLP_HTTP } from "./config.ts";
import { compareLedgers, openLedgers, redeliveredOf } from "./ledgers.ts";
import { startLoad } from "./load.ts";

/** When a round kills: in the middle of the load, right after its last answer, or again while the restart is under way. */
export type Moment = "under load" | "draining" | "starting";

/** What a run is asked to do. */
export interface RunOptions {
  readonly seed: number;
  readonly from: number;
  readonly rounds: number;
  /** An empty folder; ledgers, log and data are left there. */
  readonly folder: string;
}

/** What came of one round. */
export interface RoundResult {
  readonly round: number;
  readonly moment: Moment;
  /** At the kill: requests without an answer, and items acknowledged that some backend had not seen. */
  readonly unanswered: number;
  readonly unsettled: number;
  /** Over the whole run so far. */
  readonly sent: number;
  readonly acked: number;
  readonly duplicates: ReadonlyMap<string, number>;
  readonly redelivered: ReadonlyMap<string, number>;
  readonly drainMs: number;
  /** Empty when the round holds. */
  readonly problems: readonly string[];
}

/** Whether the kill hit something: a request without answer or a record that was not settled. */
export function hitSomething({ unanswered, unsettled }: RoundResult): boolean {
  return unanswered > 0 || unsettled > 0;
}

const EXPORTERS = [OTLP, OTLP_HTTP, DEBUG] as const;
const DRAIN_MS = 60_000;

function momentOf(random: () => number): Moment {
  const chance = random();
  if (chance < 0.7) return "under load";
  return chance < 0.85 ? "draining" : "starting";
}

/** Waits until two looks at the metrics, further apart than their own age, agree that nothing is on its way. */
async function drained(rondo: RondoProcess): Promise<{ readonly ms: number; readonly problem?: string }> {
  const began = performance.now();
  let last = "";
  for (;;) {
    const samples = await rondo.metrics();
    const totals = isDrained(samples) ? totalsOf(samples) : "";
    const ms = Math.round(performance.now() - began);
    if (totals !== "" && totals === last) return { ms };
    if (ms > DRAIN_MS) {
      const left = `${sumOf(samples, "rondo_items_in_flight")} items in flight, ${sumOf(samples, "rondo_log_lag_records")} records unread`;
      return { ms, problem: `not drained after ${DRAIN_MS} ms: ${left}` };
    }
    last = totals;
    await pause(400);
  }
}

/** Runs the rounds, handing each result over as it is known; resolves when Rondo and the backends have ended. */
export async function runRounds(options: RunOptions, report: (result: RoundResult) => void): Promise<void> {
  const { folder, seed } = options;
  mkdirSync(folder, { recursive: true });
  const file = (name: string) => join(folder, name);
  const ports = await choosePorts();
  const backends: Readonly<Record<typeof OTLP | typeof OTLP_HTTP, Backend>> = {
    [OTLP]: await startBackend("grpc", file("otlp.ledger"), seededRandom(seed * 7 + 1)),
    [OTLP_HTTP]: await startBackend("http", file("otlphttp.ledger"), seededRandom(seed * 7 + 2)),
  };
  const capture = file("debug.ndjson");
  const rondo = prepareRondo(
    folder,
    ports,
    chaosYaml(ports, { grpc: backends[OTLP].port, http: backends[OTLP_HTTP].port, capture }),
  );
  const ledgers = openLedgers(folder, [
    { exporter: OTLP, path: backends[OTLP].ledger.path },
    { exporter: OTLP_HTTP, path: backends[OTLP_HTTP].ledger.path },
    // A captured line that a kill tore off is left out.
    { exporter: DEBUG, path: capture, lines: (line) => capturedLines(line) ?? [] },
  ]);
  const { sent, acked, tally } = ledgers;

  const oneRound = async (round: number): Promise<RoundResult> => {
    // A round's chances depend on seed and number alone, so that it can be repeated without the ones before it.
    const random = seededRandom(seed * 1_000_003 + round);
    const moment = momentOf(random);
    const load = startLoad({ gateways: [ports], round, random, sent, acked });
    await pause(between(random, 150, 1200));
    if (moment === "draining") {
      await load.stop();
      await pause(between(random, 0, 15));
    }
    const unanswered = load.unanswered;
    await rondo.kill();
    const stopped = load.stop();
    ledgers.read();
    const unsettled = tally.findings().lost;
    rondo.launch();
    if (moment === "starting") {
      await pause(between(random, 0, 600));
      await rondo.kill();
      rondo.launch();
    }
    await stopped;
    await rondo.ready();
    const drain = await drained(rondo);
    ledgers.read();
    const findings = tally.findings();
    const samples = await rondo.metrics();
    const redelivered = redeliveredOf(samples, EXPORTERS);
    const problems = [
      ...(drain.problem === undefined ? [] : [drain.problem]),
      ...checkAccount(samples, findings.delivered),
      ...compareLedgers(findings, redelivered),
      ...tally.disorder(),
    ];
    if (load.accepted === 0) problems.push("nothing was accepted: the round shows nothing");
    return {
      round,
      moment,
      unanswered,
      unsettled,
      sent: findings.sent,
      acked: findings.acked,
      duplicates: findings.duplicates,
      redelivered,
      drainMs: drain.ms,
      problems: problems.length > 0 ? [...problems, ...findings.examples] : [],
    };
  };

  try {
    rondo.launch();
    await rondo.ready();
    for (let round = options.from; round < options.from + options.rounds; round++) {
      const result = await oneRound(round);
      report(result);
    }
    await rondo.stop();
  } catch (thrown) {
    await rondo.kill().catch(() => {});
    throw thrown;
  } finally {
    await Promise.all(Object.values(backends).map((one) => one.close()));
    ledgers.close();
  }
}
