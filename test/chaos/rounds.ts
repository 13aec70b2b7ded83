/**
 * Rounds: load, a fault, what makes it whole, and the comparison of everything that was written down. What a round did and found is
 * a value; its chances depend on seed, fault and number alone, so that it can be had again without the ones before it.
 */
import { setTimeout as pause } from "node:timers/promises";
import { type Sample, sumOf } from "../rig/metrics-page.ts";
import { anonymousBytes } from "../rig/process-state.ts";
import { seededRandom } from "../rig/random.ts";
import { checkAccount, type Delivered, isDrained, totalsOf } from "./account.ts";
import { startBeacon } from "./beacon.ts";
import type { Bench } from "./bench.ts";
import { OTLP, OTLP_HTTP } from "./config.ts";
import type {
  Attack,
  Broken,
  BrokerKind,
  EmbeddedScene,
  FaultCase,
  FaultId,
  KafkaScene,
  Scene,
  Variant,
} from "./fault.ts";
import { compareLedgers, redeliveredOf } from "./ledgers.ts";
import { startLoad } from "./load.ts";
import { roadOwners } from "./owners.ts";
import type { Findings } from "./tally.ts";
import type { TopicFindings } from "./topics.ts";
import { EXPORTERS, RAW } from "./written-down.ts";

/** What came of one round. */
export interface RoundResult {
  readonly broker: BrokerKind;
  readonly fault: FaultId;
  readonly variant: string;
  /** Among the rounds of its fault. */
  readonly round: number;
  /** What was done. */
  readonly text: string;
  /** Items of this round: sent, acknowledged, refused for good by a backend. */
  readonly sent: number;
  readonly acked: number;
  readonly refused: number;
  /** Items that an exporter delivered again in this round, and how many Rondo counted as such. */
  readonly again: Readonly<Record<string, readonly [number, number]>>;
  /** Items of this round that stand in a raw topic twice, and records in an enriched one. */
  readonly raw: number;
  readonly enriched: number;
  /** Longest stops of the roads that the victim had a part in, and of the others, milliseconds; empty unless measured. */
  readonly own: readonly number[];
  readonly others: readonly number[];
  readonly readyMs: number | undefined;
  /** Until everything was delivered and agreed; and the whole round. */
  readonly drainMs: number;
  readonly tookMs: number;
  readonly hit: boolean | undefined;
  /** Empty when the round holds. */
  readonly problems: readonly string[];
}

const LOAD_MS = 1_500;
/** Load that goes on after the end of a break. */
const AFTER_MS = 2_000;
/** From the end of a break to the last delivery. */
const DRAIN_MS = 60_000;
/** Anonymous memory of any process: what its memory limiter allows. */
const BUDGET_BYTES = 512 << 20;

/** The chances of a round. */
export function chances(seed: number, fault: FaultId, round: number): () => number {
  return seededRandom(seed * 1_000_003 + Number(fault.slice(1)) * 10_007 + round);
}

/** The variant whose turn it is, and its break, with the random numbers that are left for the load. */
export function drawRound<S extends Scene>(
  variants: readonly Variant<S>[],
  { seed, fault, round }: { readonly seed: number; readonly fault: FaultId; readonly round: number },
) {
  const random = chances(seed, fault, round);
  const variant = variants[round % variants.length];
  if (variant === undefined) throw new Error(`${fault} has no variants there`);
  return { variant: variant.name, attack: variant.draw(random, round), random };
}

/** Runs rounds on a bench, one after the other. */
export class Rounds {
  readonly #bench: Bench;
  readonly #broker: BrokerKind;
  readonly #seed: number;
  #lastBreak: number | undefined;
  /** Problems with what Alertmanager was told that are already said. */
  #told = 0;
  #looked: TopicFindings = { repeated: 0, gaps: [] };
  #findings: Findings;
  #redelivered: ReadonlyMap<string, number> = new Map();
  #number = 0;

  constructor(bench: Bench, broker: BrokerKind, seed: number) {
    this.#bench = bench;
    this.#broker = broker;
    this.#seed = seed;
    this.#findings = bench.down.ledgers.tally.findings();
  }

  /** One round of a fault, or its long case. */
  async run(of: FaultCase, round: number, long = false): Promise<RoundResult> {
    // Which scene a variant needs is decided by the broker that it is listed for.
    const listed = (this.#broker === "embedded" ? of.embedded : of.kafka3) as readonly Variant<
      EmbeddedScene & KafkaScene
    >[];
    const variants = long && of.long !== undefined ? [of.long as Variant<EmbeddedScene & KafkaScene>] : listed;
    const { variant, attack, random } = drawRound(variants, { seed: this.#seed, fault: of.id, round });
    const began = performance.now();
    const { fate, broken, owners, load } = await this.#break(attack, random);
    const stops =
      owners === undefined ? [] : this.#bench.down.progress.stops(broken.at, Math.max(broken.until, fate.until - 500));
    const isOwn = (stop: (typeof stops)[number]) =>
      owners?.(stop.road).some((client) => client.startsWith(`rondo/${attack.victim}/`)) === true;
    const exits = await this.#notReady();
    const before = { findings: this.#findings, looked: this.#looked, redelivered: this.#redelivered };
    const settled = await this.#settle();
    const { tally } = this.#bench.down.ledgers;
    const now = this.#findings;
    const raw = (now.duplicates.get(RAW) ?? 0) - (before.findings.duplicates.get(RAW) ?? 0);
    const enriched = this.#looked.repeated - before.looked.repeated;
    const again = Object.fromEntries(
      this.#bench.exporters.map((name) => [
        name,
        [
          (now.duplicates.get(name) ?? 0) - (before.findings.duplicates.get(name) ?? 0),
          (this.#redelivered.get(name) ?? 0) - (before.redelivered.get(name) ?? 0),
        ] as const,
      ]),
    );
    const problems = [
      ...exits,
      ...(broken.problems ?? []),
      ...settled.problems,
      ...this.#looked.gaps.slice(before.looked.gaps.length),
      ...tally.disorder(),
      ...this.#newlyTold(),
      ...[...load.finals].map((final) => `a client was told never to come back: ${final}`),
      ...repeatProblems(attack, { raw, enriched, again }),
      ...(await this.#memoryProblems()),
    ];
    if (load.accepted === 0) problems.push("nothing was accepted: the round shows nothing");
    return {
      ...{ broker: this.#broker, fault: of.id, variant, round, text: attack.text },
      sent: now.sent - before.findings.sent,
      acked: now.acked - before.findings.acked,
      refused: itemsOf(now.refused) - itemsOf(before.findings.refused),
      ...{ again, raw, enriched },
      own: stops.filter(isOwn).map(({ ms }) => ms),
      others: stops.filter((stop) => !isOwn(stop)).map(({ ms }) => ms),
      ...{
        readyMs: broken.readyMs,
        drainMs: settled.ms,
        tookMs: Math.round(performance.now() - began),
        hit: broken.hit,
      },
      problems: problems.length > 0 ? [...problems, ...now.examples] : [],
    };
  }

  /** Load, the break, and load again. */
  async #break(attack: Attack<EmbeddedScene & KafkaScene>, random: () => number) {
    const { down, gateways, clients, processes, site, more } = this.#bench;
    const { ledgers, progress } = down;
    const { sent, acked, tally } = ledgers;
    // Stamps name the round within this run; what it does is named by the number that the caller knows.
    const round = this.#number++;
    for (const backend of Object.values(down.backends)) backend.treat(attack.calm === true ? "calm" : "moody");
    const load = startLoad({ gateways, ...(clients && { clients }), round, random, sent, acked });
    const beacon = site === undefined ? undefined : startBeacon({ gateways, round, sent, acked });
    const { loadMs = LOAD_MS, apartMs = 0 } = attack;
    const calmMs = this.#lastBreak === undefined ? 0 : this.#lastBreak + apartMs - performance.now();
    await pause(Math.max(loadMs, calmMs));
    const owners =
      site === undefined || attack.victim === undefined ? undefined : await roadOwners(site.kafka.direct, EXPORTERS);
    progress.forget(performance.now() - 1_000);
    // Of that shape by the bench of the broker that the variant is listed for.
    const scene = {
      ...more,
      processes,
      backends: { [OTLP]: down.backends[OTLP], [OTLP_HTTP]: down.backends[OTLP_HTTP] },
      stopOf: (exporter: string, from: number, to: number) =>
        Math.max(
          0,
          ...progress
            .stops(from, to)
            .filter(({ road }) => road.exporter === exporter)
            .map(({ ms }) => ms),
        ),
      load: () => load,
      unsettled: () => {
        ledgers.read();
        return tally.findings().lost;
      },
      owedTo: (exporter: string) => {
        ledgers.read();
        const owed = tally.owedTo(exporter);
        return () => {
          ledgers.read();
          return owed.left;
        };
      },
    } as unknown as EmbeddedScene & KafkaScene;
    const broken = await attack.run(scene).catch((thrown: unknown): Broken => {
      const now = performance.now();
      return { at: now, until: now, problems: [`the fault could not be played: ${thrown}`] };
    });
    this.#lastBreak = performance.now();
    await pause(attack.loadMs === undefined ? AFTER_MS : Math.min(AFTER_MS, attack.loadMs));
    const until = performance.now();
    await Promise.all([load.stop(), beacon?.stop()]);
    return { fate: { until }, broken, owners, load };
  }

  /** Which processes are gone that nobody killed, or do not say that they are ready. */
  async #notReady(): Promise<readonly string[]> {
    const outcomes = await Promise.allSettled(this.#bench.processes.map(({ process }) => process.ready()));
    return outcomes.flatMap((outcome, index) =>
      outcome.status === "fulfilled" ? [] : [`${this.#bench.processes[index]?.name}: ${outcome.reason}`],
    );
  }

  async #memoryProblems(): Promise<readonly string[]> {
    return this.#bench.processes.flatMap(({ name, process }) => {
      try {
        const bytes = anonymousBytes(process.pid);
        return bytes <= BUDGET_BYTES ? [] : [`${name} holds ${bytes >> 20} MiB, the budget is ${BUDGET_BYTES >> 20}`];
      } catch (thrown) {
        return [`${name} is gone: ${thrown}`];
      }
    });
  }

  #newlyTold(): readonly string[] {
    const told = this.#bench.toldProblems();
    const fresh = told.slice(this.#told);
    this.#told = told.length;
    return fresh;
  }

  /** Waits until the account of all processes agrees with the ledgers; what does not in time, is a problem. */
  async #settle() {
    const { down, look, exporters } = this.#bench;
    const { ledgers } = down;
    const began = performance.now();
    let last = "";
    for (;;) {
      const samples = await this.#bench.metrics().catch(() => []);
      ledgers.read();
      if (look !== undefined) this.#looked = await look();
      const findings = ledgers.tally.findings();
      const redelivered = redeliveredOf(samples, exporters);
      [this.#findings, this.#redelivered] = [findings, redelivered];
      const totals = samples.length > 0 && isDrained(samples) ? totalsOf(samples) : "";
      const isQuiet = totals !== "" && totals === last;
      last = totals;
      const problems = [
        ...checkAccount(samples, owedBy(findings, exporters), refusedBy(findings)),
        ...compareLedgers(findings, redelivered, findings.duplicates.get(RAW)),
      ];
      const ms = Math.round(performance.now() - began);
      if (isQuiet && problems.length === 0) {
        const more = await this.#bench.settledProblems();
        if (more.length === 0) return { ms, problems: more };
        problems.push(...more);
      }
      if (ms > DRAIN_MS) {
        const left = `${sumOf(samples, "rondo_items_in_flight")} items in flight, unread records: ${lagging(samples)}`;
        return { ms, problems: [...(isQuiet ? [] : [`not drained: ${left}`]), ...problems] };
      }
      await pause(400);
    }
  }
}

/** What each exporter has to have delivered: the different items that it did, and what stands in the log once more. */
function owedBy({ delivered, repeats }: Findings, exporters: readonly string[]): Delivered {
  const again = repeats.get(RAW);
  return new Map(
    exporters.map((name) => {
      const once = delivered.get(name);
      const owed = (signal: "traces" | "metrics" | "logs") => (once?.[signal] ?? 0) + (again?.[signal] ?? 0);
      return [name, { traces: owed("traces"), metrics: owed("metrics"), logs: owed("logs") }];
    }),
  );
}

/** Refusals of backends; the log refuses nothing. */
function refusedBy({ refused }: Findings): Delivered {
  return new Map([...refused].filter(([name]) => name !== RAW));
}

function itemsOf(counted: Delivered): number {
  return [...counted.values()].reduce((sum, { traces, metrics, logs }) => sum + traces + metrics + logs, 0);
}

/** What came more than once and must not have. */
function repeatProblems(
  { mayRepeat = {}, calm }: Pick<Attack<Scene>, "mayRepeat" | "calm">,
  { raw, enriched, again }: Pick<RoundResult, "raw" | "enriched" | "again">,
): readonly string[] {
  const twice = Object.entries(again).filter(([, [times]]) => times > 0);
  return [
    ...(enriched > (mayRepeat.enriched ?? 0) ? [`${enriched} enriched records were written twice`] : []),
    ...(raw > 0 && mayRepeat.raw !== true ? [`${raw} items stand in the raw topics twice`] : []),
    ...(calm === true
      ? twice.map(([name, [times]]) => `${name} delivered ${times} items again, and nothing broke`)
      : []),
  ];
}

/** Which groups are behind by how many records, as each process that was asked sees it. */
function lagging(samples: readonly Sample[]): string {
  return samples
    .filter(({ name, value }) => name === "rondo_log_lag_records" && value > 0)
    .map(({ labels, value }) => `${labels.get("pipeline")}/${labels.get("component")} ${value}`)
    .join(", ");
}
