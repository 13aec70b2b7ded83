/** Reads enriched topics as they grow, and counts raw records that stand there twice: written again by an owner, old or new. */
import { enrichedTopic, readEnrichedHeaders, readOrigin } from "@rondo/broker";
import { openKafka } from "@rondo/broker/kafka";
import { silentLog, systemClock } from "@rondo/core";
import { SIGNALS } from "@rondo/otlp";

/** What was found since the last look. */
export interface OriginFindings {
  /** Records whose raw record had been written before. */
  readonly repeated: number;
  /** Raw records that were passed over, as sentences. */
  readonly gaps: readonly string[];
}

/** A look that goes on where the last one ended. */
export interface Origins {
  look(): Promise<OriginFindings>;
  close(): Promise<void>;
}

const PIECE_BYTES = 4 << 20;

interface Position {
  readonly topic: string;
  readonly partition: number;
  offset: number;
  /** The raw offset that comes next. */
  next: number;
}

/** Opens the log to look at it. Pipelines must be called as their signals. */
export async function openOrigins(brokers: readonly string[]): Promise<Origins> {
  const log = await openKafka({ brokers, clientId: "rig", clock: systemClock, random: Math.random, log: silentLog });
  const positions: Position[] = [];
  for (const topic of SIGNALS.map((signal) => enrichedTopic(signal, signal))) {
    for (let partition = 0; partition < (await log.partitions(topic)); partition++) {
      positions.push({ topic, partition, offset: 0, next: 0 });
    }
  }
  const look = async (position: Position): Promise<OriginFindings> => {
    const { topic, partition } = position;
    let repeated = 0;
    const gaps: string[] = [];
    const { high } = await log.watermarks(topic, partition);
    while (position.offset < high) {
      for (const record of await log.read(topic, partition, position.offset, PIECE_BYTES)) {
        position.offset = record.offset + 1;
        const origin = readOrigin(readEnrichedHeaders(record).origin);
        if (origin === undefined || origin.part > 0) continue;
        if (origin.offset < position.next) repeated++;
        else {
          if (origin.offset > position.next)
            gaps.push(`${topic} ${partition}: raw record ${origin.offset} comes after ${position.next - 1}`);
          position.next = origin.offset + 1;
        }
      }
    }
    return { repeated, gaps };
  };
  return {
    async look() {
      const found = await Promise.all(positions.map(look));
      return {
        repeated: found.reduce((sum, { repeated }) => sum + repeated, 0),
        gaps: found.flatMap(({ gaps }) => gaps),
      };
    },
    close: () => log.close(),
  };
}
