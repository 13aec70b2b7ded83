/** What the commands about dead letters have in common: the letters they mean, and the log that these stand in. */
import { hostname } from "node:os";
import { resolve } from "node:path";
import type { Broker } from "@rondo/broker";
import { findProcess } from "@rondo/broker/embedded";
import type { Graph } from "@rondo/config";
import { type Clock, Fault, type Log, parseDuration, type Random, silentLog } from "@rondo/core";
import type { LetterFilter, StoredLetter } from "@rondo/worker";
import { holdInstance } from "../instance.ts";
import { openLog } from "../open-log.ts";
import type { Out } from "../out.ts";

/** The options as the command line gives them. */
export interface LetterFlags {
  readonly config: readonly string[];
  readonly set: readonly string[];
  readonly data: string;
  readonly pipeline?: string;
  readonly exporter?: string;
  readonly reason?: string;
  readonly tenant?: string;
  /** A duration before now, or an RFC 3339 time. */
  readonly since?: string;
  /** `<topic>/<partition>/<offset>` of one letter. */
  readonly letter?: string;
}

/** What surrounds these commands. */
export interface LetterAround {
  readonly out: Out;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly abort: AbortSignal;
}

/** The letters that flags mean. Throws a Fault `config` for a time or a place that is none. */
export function filterOf(flags: LetterFlags, now: number): LetterFilter {
  const { pipeline, exporter, reason, tenant, since, letter } = flags;
  return {
    ...(pipeline !== undefined && { pipeline }),
    ...(exporter !== undefined && { exporter }),
    ...(reason !== undefined && { reason }),
    ...(tenant !== undefined && { tenant }),
    ...(since !== undefined && { since: timeOf(since, now) }),
    ...(letter !== undefined && { at: placeOf(letter) }),
  };
}

function timeOf(written: string, now: number): number {
  const ms = parseDuration(written);
  const time = ms === undefined ? Date.parse(written) : now - ms;
  if (Number.isFinite(time)) return time;
  throw new Fault("config", `--since ${written} must be a duration such as 2h, or a time such as 2026-01-31T12:00:00Z`);
}

const PLACE = /^(.+)\/(\d+)\/(\d+)$/;

function placeOf(written: string): NonNullable<LetterFilter["at"]> {
  const [, topic, partition, offset] = PLACE.exec(written) ?? [];
  if (topic !== undefined) return { topic, partition: Number(partition), offset: Number(offset) };
  throw new Fault(
    "config",
    `--letter ${written} must be a place as show prints it, such as otlp_spans.enriched.dlq/0/17`,
  );
}

/** The place of a letter, as `--letter` takes it. */
export function letterPlace({ topic, partition, record }: StoredLetter): string {
  return `${topic}/${partition}/${record.offset}`;
}

/** Opens the log to look at it, beside whatever process has it open. */
export function openToRead(graph: Graph, { data }: LetterFlags, { clock, random }: LetterAround): Promise<Broker> {
  const settings = { settings: graph.broker, data: resolve(data), readOnly: true, clientId: "rondo/dlq" };
  return openLog({ ...settings, clock, random, log: silentLog });
}

/** A log that is open for marks, and the way to close it. */
export interface OpenToMark {
  readonly broker: Broker;
  close(): Promise<void>;
}

/**
 * Opens the log to mark letters in it: on this machine alone, on Kafka beside the running roles and as the only command that does
 * so. Throws a Fault `startup` that says what to do when somebody else has it.
 */
export async function openToMark(graph: Graph, flags: LetterFlags, around: LetterAround): Promise<OpenToMark> {
  // A log that is not there is not made by asking for its letters.
  await (await openToRead(graph, flags, around)).close();
  const { clock, random, log, abort } = around;
  const opening = { settings: graph.broker, data: resolve(flags.data), clientId: "rondo/dlq" };
  try {
    const broker = await openLog({ ...opening, clock, random, log: silentLog });
    if (graph.broker.kind === "embedded") return { broker, close: () => broker.close() };
    const holding = { state: broker.state, instance: "rondo dlq", host: hostname(), pid: process.pid, findProcess };
    try {
      const held = await holdInstance({ ...holding, clock, log, abort });
      return { broker, close: () => held.release().finally(() => broker.close()) };
    } catch (thrown) {
      await broker.close();
      throw thrown;
    }
  } catch (thrown) {
    const fault = Fault.from(thrown);
    if (fault.code !== "startup") throw fault;
    const way =
      graph.broker.kind === "embedded"
        ? "stop rondo, run this again and start it: what is in the log stays there; list and show work beside it"
        : "another rondo dlq marks letters: wait for its end";
    throw new Fault("startup", `${fault.message}; ${way}`, { cause: thrown });
  }
}
