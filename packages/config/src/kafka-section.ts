/** Reads `broker::kafka`: the cluster that several processes share, who to be there, and how topics are made. */
import {
  checkSasl,
  choice,
  clientTlsFields,
  duration,
  flag,
  group,
  idleKey,
  integer,
  isLoopback,
  list,
  optional,
  saslFields,
  text,
  type ValuesOf,
} from "@rondo/core";
import type { TreePlace } from "./findings.ts";
import type { KafkaBrokerSettings } from "./graph.ts";
import { size } from "./size.ts";

/** The fields of `broker::kafka`. */
export const kafkaFields = group("A Kafka cluster, 3.9 or newer: what several processes share.", {
  brokers: list("Addresses of brokers that are asked first, host:port.", text("host:port.")),
  topics: group("Topics that Rondo creates. One that exists is left as it is, and told of where it differs.", {
    partitions: integer("Partitions of each raw topic: how many workers and threads can share it.", 12, {
      min: 1,
      max: 1024,
    }),
    replication_factor: optional(
      integer("Copies of each partition; absent: 3, or as many as there are brokers.", undefined, {
        min: 1,
        max: 32,
      }),
    ),
    min_insync_replicas: optional(
      integer("Copies that must have a record before its client is answered; absent: 2 of 3, else 1.", undefined, {
        min: 1,
        max: 32,
      }),
    ),
    retention: duration("How long a record is kept, whether or not it was delivered.", "72h"),
    retention_bytes: optional(
      size("A partition's oldest records go beyond this size, delivered or not; absent: only age counts.", undefined, {
        min: "64MiB",
        max: "1024GiB",
        example: "100GiB",
      }),
    ),
  }),
  compression: choice(
    "How batches are compressed on their way to Kafka and in it, each at its fastest level; none costs the least CPU. All of them are always read, whoever wrote them.",
    ["none", "gzip", "snappy", "lz4", "zstd"],
    "none",
  ),
  session_timeout: duration(
    "How long a process may be silent before its partitions go to others; the cluster's floor is 6s.",
    "6s",
  ),
  sasl: optional(saslFields),
  tls: optional(
    group("TLS to the brokers; its files are read again for every connection.", {
      ...clientTlsFields,
      insecure: flag("Talk without TLS, as without this section.", false),
      reload_interval: idleKey("How often the files are read again.", "they are read for every connection"),
    }),
  ),
});

type KafkaValues = ValuesOf<{ kafka: typeof kafkaFields }>["kafka"];

/** A record is kept for a minute at least, or a worker that restarts could find that what it was about to read is gone. */
export const RETENTION_LEAST_MS = 60_000;
/** The broker's own floor and ceiling of a session (Kafka: group.min.session.timeout.ms, group.max.session.timeout.ms). */
const SESSION_LEAST_MS = 6_000;
const SESSION_MOST_MS = 1_800_000;
const ADDRESS = /^(\[[0-9a-fA-F:.]+\]|[^\s:/]+):(\d{1,5})$/;

/** Reports what no single field can see. */
export function checkKafka(
  place: TreePlace,
  { brokers, topics, session_timeout: session, sasl, tls }: KafkaValues,
): void {
  if (brokers.length === 0) place.at("brokers").problem("must name at least one broker, such as [kafka:9092]");
  for (const [index, broker] of brokers.entries()) {
    const port = Number(ADDRESS.exec(broker)?.[2]);
    if (!(port > 0 && port < 65_536)) place.down("brokers", index).problem("must be host:port, such as kafka:9092");
  }
  const { min_insync_replicas: insync, replication_factor: copies } = topics;
  if (insync !== null && copies !== null && insync > copies) {
    place
      .down("topics", "min_insync_replicas")
      .problem(`must be at most replication_factor ${copies}: nothing could be written`);
  } else if (insync !== null && insync > 1 && insync === copies) {
    place.down("topics", "min_insync_replicas").warn("is replication_factor: a broker that restarts stops every write");
  }
  if (topics.retention < RETENTION_LEAST_MS) place.down("topics", "retention").problem("must be at least 1m");
  if (session < SESSION_LEAST_MS || session > SESSION_MOST_MS)
    place.at("session_timeout").problem("must be from 6s to 30m: a Kafka broker takes no other");
  if (sasl === null) return;
  checkSasl(sasl, place.at("sasl"));
  const open = brokers.filter((broker) => !isLoopback(ADDRESS.exec(broker)?.[1] ?? broker));
  const shows = sasl.mechanism === "PLAIN" ? "password" : "token";
  if (isPlain(tls) && !sasl.mechanism.startsWith("SCRAM") && open.length > 0) {
    place
      .at("sasl")
      .warn(
        `sends its ${shows} to ${open[0]} in the clear: whoever listens can read and write everything; add broker::kafka::tls`,
      );
  }
}

const isPlain = (tls: KafkaValues["tls"]) => tls === null || tls.insecure;

/** What the fields mean to the log. */
export function kafkaSettings(
  kafka: KafkaValues,
): Omit<KafkaBrokerSettings, "kind" | "defaultTenant" | "defaultReceiver" | "lingerMs"> {
  const { brokers, compression, session_timeout: sessionTimeoutMs, sasl, tls } = kafka;
  const { partitions, replication_factor: replicationFactor, retention: retentionMs } = kafka.topics;
  const { min_insync_replicas: minInsyncReplicas, retention_bytes: retentionBytes } = kafka.topics;
  return {
    ...{ brokers, partitions, retentionMs, compression, sessionTimeoutMs },
    ...(replicationFactor !== null && { replicationFactor }),
    ...(minInsyncReplicas !== null && { minInsyncReplicas }),
    ...(retentionBytes !== null && { retentionBytes }),
    ...(sasl !== null && { sasl }),
    ...(tls !== null && !isPlain(tls) && { tls }),
  };
}
