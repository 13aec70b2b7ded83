/**
 * Topics of a Kafka cluster for readers that are no part of Rondo: groups of their own, whose commits alone say where they are.
 * Nothing is registered, no topic is made, and `rondo.state` is neither read nor written.
 */
import { type Clock, Fault, type Log } from "@rondo/core";
import type { Claim, GroupSpec, Member, Watermarks } from "../log.ts";
import type { Loss } from "../loss.ts";
import { Cluster } from "./cluster.ts";
import { type Commit, commitsOf, GroupMember } from "./group-member.ts";
import type { MemberTimes } from "./group-session.ts";
import { nodeFactory } from "./kafkajs-node.ts";
import type { Credentials } from "./login.ts";
import { readAddress } from "./read-address.ts";
import { Topics } from "./topics.ts";

/** How a reader reaches the brokers. */
export interface ReaderOptions extends Credentials, MemberTimes {
  /** Brokers to ask first, as `host:port`. */
  readonly brokers: readonly string[];
  readonly clientId: string;
  readonly clock: Clock;
  readonly log: Log;
}

/** What a member of a reader's group does. */
export interface ReaderRun {
  /** As in `Broker.join`. The claim's `start.registered` means nothing, and it appends nowhere. */
  readonly onClaim: (claim: Claim) => Promise<void>;
  readonly onFailure: (fault: Error) => void;
  /** Retention was faster than the reader. */
  readonly onLoss: (loss: Loss) => void;
  /** What stands beside a commit, up to NOTE_CHARACTERS: true for every offset that was asked for so far. */
  readonly note: (partition: number) => string | undefined;
}

/** The cluster, open for reading. Methods throw Faults: `unavailable` when later will do, `not_found` without the topic. */
export interface KafkaReader {
  partitions(topic: string): Promise<number>;
  watermarks(topic: string, partition: number): Promise<Watermarks>;
  /** The first offset whose record is not older than `time`, epoch milliseconds; the end when there is none. */
  offsetSince(topic: string, partition: number, time: number): Promise<number>;
  /** The commits of a group on its topic, with their notes, of the partitions that have one. */
  commits(spec: GroupSpec): Promise<ReadonlyMap<number, Commit>>;
  /** Joins a group. What runs on its claims may commit until it returns, as in `Broker.join`. */
  join(spec: GroupSpec, run: ReaderRun): Promise<Member>;
  /** Closes the connections; members have left by then. */
  close(): Promise<void>;
}

const CONNECT_TIMEOUT_MS = 2_000;
const REQUEST_TIMEOUT_MS = 5_000;

/** Opens connections as they are needed: no broker has to be there yet. Throws `config` for an address that is none. */
export function openReader(options: ReaderOptions): KafkaReader {
  const { clock, log, clientId, ssl, sasl, sessionMs, heartbeatMs, rebalanceMs } = options;
  const make = nodeFactory({
    clientId,
    connectTimeoutMs: CONNECT_TIMEOUT_MS,
    requestTimeoutMs: REQUEST_TIMEOUT_MS,
    log,
    // kafkajs writes into what it is given.
    login: async () => ({ ...(ssl !== undefined && { ssl }), ...(sasl !== undefined && { sasl: { ...sasl } }) }),
  });
  const cluster = new Cluster({ make, clock, bootstrap: options.brokers.map(readAddress) });
  // It makes none: these settings are never used.
  const topics = new Topics(cluster, clock, log, { partitions: 0, retentionMs: 0, maxBatchBytes: 0 }, "");
  const onlyReads = async () => {
    throw new Fault("unsupported", "a reader appends nothing");
  };
  return {
    partitions: (topic) => topics.partitions(topic),
    watermarks: (topic, partition) => cluster.watermarks(topic, partition),
    offsetSince: (topic, partition, time) => cluster.offsetSince(topic, partition, time),
    async commits(spec) {
      const partitions = Array.from({ length: await topics.partitions(spec.topic) }, (_, partition) => partition);
      return await cluster.askCoordinator(spec.group, `looking up the commits of group ${spec.group}`, (node) =>
        commitsOf(node, spec, partitions),
      );
    },
    async join(spec, { onClaim, onFailure, onLoss, note }) {
      const registered = Array.from({ length: await topics.partitions(spec.topic) }, () => 0);
      const times = { sessionMs, heartbeatMs, rebalanceMs };
      const writer = { append: onlyReads, putState: onlyReads };
      const around = { cluster, clock, log, writer, onClaim, onFailure, onLoss, note };
      const member = new GroupMember({ ...times, ...around, spec, registered });
      await member.joined();
      return member;
    },
    close: () => cluster.close(),
  };
}
