/** Lets senders run through a scenario: every reading of every metric, once, for whoever encodes it and whoever judges by it. */
import { type Life, lifeAt, type Metric, type Sender, type Source } from "./source.ts";

/** A metric and what it said. */
export interface Reading {
  readonly metric: Metric;
  readonly value: number;
}

/** What one source said in one request. */
export interface SourceReading {
  readonly source: Source;
  readonly life: Life;
  /** When its metrics were read, milliseconds of the description. */
  readonly ms: number;
  readonly readings: readonly Reading[];
}

/** One sending: the sources that were there, and what they said. */
export interface Sending {
  readonly sender: Sender;
  /** When the request goes, milliseconds of the description. */
  readonly ms: number;
  readonly sources: readonly SourceReading[];
}

/**
 * All sendings of a scenario, by time, those of one moment in the senders' order. A sender none of whose sources is there
 * sends nothing. The last one goes no later than `durationMs`.
 */
export function sample(senders: readonly Sender[], intervalMs: number, durationMs: number): readonly Sending[] {
  const sendings = senders.flatMap((sender) => {
    const ticks = Math.floor((durationMs - sender.phaseMs) / intervalMs) + 1;
    return Array.from({ length: ticks }, (_, tick) => sendingAt(sender, sender.phaseMs + tick * intervalMs));
  });
  return sendings.filter(({ sources }) => sources.length > 0).sort((a, b) => a.ms - b.ms);
}

function sendingAt(sender: Sender, ms: number): Sending {
  return { sender, ms, sources: sender.sources.flatMap((source) => readingsOf(source, ms - source.lagMs)) };
}

function readingsOf(source: Source, ms: number): readonly SourceReading[] {
  const life = lifeAt(source.lives, ms);
  if (life === undefined) return [];
  const readings = source.metrics.flatMap((metric) => {
    const value = metric.value(ms, life);
    return value === undefined ? [] : [{ metric, value }];
  });
  return readings.length === 0 ? [] : [{ source, life, ms, readings }];
}
