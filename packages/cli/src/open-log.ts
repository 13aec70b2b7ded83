/** Opens the log that a configuration names: files on this machine, or a Kafka cluster. */
import { type Broker, type Loss, noteLoss } from "@rondo/broker";
import { openEmbedded } from "@rondo/broker/embedded";
import { type KafkaBroker, openKafka } from "@rondo/broker/kafka";
import type { BrokerSettings } from "@rondo/config";
import { type Clock, Fault, type Log, type Random } from "@rondo/core";
import type { Registry } from "@rondo/monitor";

/** What a log is opened with. */
export interface OpenLogOptions {
  readonly settings: BrokerSettings;
  /** The folder of a log on this machine. */
  readonly data: string;
  /** The name of this process's (or thread's) Kafka clients: `rondo/<instance>/<role>/<thread index>`. */
  readonly clientId: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Nothing will be written: a log on this machine may then be open in another process. */
  readonly readOnly?: boolean;
  /** Where the log on this machine shows what it does. */
  readonly registry?: Registry;
}

/** A log, and what only one that several processes share can do. */
export type OpenLog = Broker & Partial<Pick<KafkaBroker, "evictPredecessor">>;

/** Opens it. Throws a Fault `unavailable` when a cluster does not answer, and what the two logs say of everything else. */
export async function openLog(options: OpenLogOptions): Promise<OpenLog> {
  const { log, registry } = options;
  const onLoss = (loss: Loss) => {
    const { group, topic, from, to } = loss;
    registry?.counter("rondo_log_lost_records_total", { group, topic }).add(to - from);
    noteLoss(opened.state, loss).catch((thrown: unknown) =>
      log.warn("what retention took could not be written down", { group, topic, fault: Fault.from(thrown) }),
    );
  };
  const opened = await openEither(options, onLoss);
  return opened;
}

async function openEither(options: OpenLogOptions, onLoss: (loss: Loss) => void): Promise<OpenLog> {
  const { settings, data, clientId, clock, random, log, readOnly = false, registry } = options;
  if (settings.kind === "kafka") {
    const { sessionTimeoutMs } = settings;
    // Members may take as long to come together as one of them may be silent.
    const times = { sessionMs: sessionTimeoutMs, rebalanceMs: sessionTimeoutMs };
    const corrupt = registry?.counter("rondo_log_corrupt_total", {});
    const onUnreadable = () => corrupt?.add(1);
    // Brokers, compression, sasl, tls and what topics are made with have the same names on both sides.
    const around = { clock, random, log, onLoss, onUnreadable };
    return await openKafka({ ...settings, topics: settings, clientId, times, ...around });
  }
  const { partitions, retentionMs, retentionBytes, segmentBytes, sync } = settings;
  const size = retentionBytes !== undefined && { retentionBytes };
  const common = { directory: data, partitions, retentionMs, ...size, segmentBytes, sync, readOnly, onLoss };
  const broker = await openEmbedded({ ...common, clock, log });
  registry?.onScrape((emit) => {
    const { bytes, corrupt, syncs, appended } = broker.stats();
    emit("rondo_log_size_bytes", {}, bytes);
    emit("rondo_log_corrupt_total", {}, corrupt);
    emit("rondo_log_fsyncs_total", {}, syncs);
    for (const [topic, grown] of appended) {
      emit("rondo_log_appended_records_total", { topic }, grown.records);
      emit("rondo_log_append_bytes_total", { topic }, grown.bytes);
    }
  });
  return broker;
}
