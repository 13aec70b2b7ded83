/**
 * Reads the topics of a run as they grow: which items stand in the raw topics, and how often a raw record stands in an enriched
 * one, where a second time would be another owner's, or a dead one's; and which items were set aside.
 */
import {
  deadLetterTopic,
  enrichedTopic,
  type LogRecord,
  RAW_TOPICS,
  readEnrichedHeaders,
  readLetter,
  readOrigin,
} from "@rondo/broker";
import { openKafka } from "@rondo/broker/kafka";
import { silentLog, systemClock } from "@rondo/core";
import { SIGNALS, type Signal } from "@rondo/otlp";
import { identify, ledgerLine } from "./identity.ts";

/** What was found so far. */
export interface TopicFindings {
  /** Enriched records whose raw record had been written before. */
  readonly repeated: number;
  /** Raw records that enriched topics pass over, as sentences. */
  readonly gaps: readonly string[];
}

/** A look at all topics that goes on where the last one ended. */
export interface Topics {
  look(): Promise<TopicFindings>;
  close(): Promise<void>;
}

const PIECE_BYTES = 4 << 20;

/** One partition, and what is done with each of its records. */
interface Reading {
  readonly topic: string;
  readonly partition: number;
  readonly take: (record: LogRecord) => void;
  offset: number;
}

/** Who is told of what stands in the log, by ledger lines: raw items, and those that were set aside for an exporter. */
export interface TopicListeners {
  readonly raw: (line: string) => void;
  readonly letter: (exporter: string, line: string) => void;
}

/** Opens the log to look at it. Pipelines must be called as their signals. */
export async function openTopics(brokers: readonly string[], told: TopicListeners): Promise<Topics> {
  const log = await openKafka({ brokers, clientId: "rig", clock: systemClock, random: Math.random, log: silentLog });
  const found = { repeated: 0, gaps: [] as string[] };
  const takeRaw = (signal: Signal) => (record: LogRecord) => {
    for (const one of identify(signal, record.value, false)) told.raw(ledgerLine(signal, one));
  };
  const takeLetter = (signal: Signal) => (record: LogRecord) => {
    const { exporter = "a pipeline" } = readLetter(record);
    for (const one of identify(signal, record.value, true)) told.letter(exporter, ledgerLine(signal, one));
  };
  const takeEnriched = (place: string) => {
    let next = 0;
    return (record: LogRecord) => {
      const origin = readOrigin(readEnrichedHeaders(record).origin);
      if (origin === undefined || origin.part > 0) return;
      if (origin.offset < next) found.repeated++;
      else {
        if (origin.offset > next) found.gaps.push(`${place}: raw record ${origin.offset} comes after ${next - 1}`);
        next = origin.offset + 1;
      }
    };
  };
  const readings: Reading[] = [];
  for (const signal of SIGNALS) {
    const enriched = enrichedTopic(signal, signal);
    for (let partition = 0; partition < (await log.partitions(enriched)); partition++) {
      readings.push({ topic: RAW_TOPICS[signal], partition, take: takeRaw(signal), offset: 0 });
      readings.push({ topic: enriched, partition, take: takeEnriched(`${enriched} ${partition}`), offset: 0 });
    }
    const letters = deadLetterTopic(enriched);
    for (let partition = 0; partition < (await log.partitions(letters)); partition++)
      readings.push({ topic: letters, partition, take: takeLetter(signal), offset: 0 });
  }
  const read = async (reading: Reading) => {
    const { topic, partition, take } = reading;
    const { high } = await log.watermarks(topic, partition);
    while (reading.offset < high) {
      for (const record of await log.read(topic, partition, reading.offset, PIECE_BYTES)) {
        reading.offset = record.offset + 1;
        take(record);
      }
    }
  };
  return {
    async look() {
      await Promise.all(readings.map(read));
      return { ...found, gaps: [...found.gaps] };
    },
    close: () => log.close(),
  };
}
