/** kafkajs as its documentation shows it, beside Rondo's log on the same cluster: what tests of its traps compare. */
import type { LogRecord } from "@rondo/broker";
import { type KafkaBroker, type KafkaOptions, openKafka } from "@rondo/broker/kafka";
import { silentLog, systemClock } from "@rondo/core";
import {
  type Admin,
  Kafka as Client,
  type Consumer,
  type ConsumerConfig,
  logLevel,
  type Producer,
  type ProducerConfig,
} from "kafkajs";
import { onTestFinished } from "vitest";
import type { Kafka } from "./servers/index.ts";

/** Requests that are not answered have failed after so long, milliseconds; kafkajs's default is 30 s. */
const REQUEST_MS = 1_000;

/** What a test works with. Whatever it opens is closed at its end. */
export interface Plain {
  /** Of the rig: past the proxies. */
  readonly admin: Admin;
  producer(config?: ProducerConfig): Promise<Producer>;
  consumer(config: ConsumerConfig): Promise<Consumer>;
  /** Rondo's log, through the proxies as the others. */
  rondo(name: string, more?: Partial<KafkaOptions>): Promise<KafkaBroker>;
  /** Everything in a partition, as text, read past the proxies. */
  texts(topic: string, partition: number): Promise<readonly string[]>;
  /** A group's commit; −1 without one. */
  committed(group: string, topic: string, partition: number): Promise<number>;
  close(): Promise<void>;
}

/** Opens what reads a cluster past its proxies. */
export async function plainKafkajs(kafka: Kafka): Promise<Plain> {
  // Their balancing of partitions is no matter here, and the advice about it noise.
  process.env["KAFKAJS_NO_PARTITIONER_WARNING"] = "1";
  const clientOf = (brokers: readonly string[]) =>
    new Client({
      brokers: [...brokers],
      logLevel: logLevel.NOTHING,
      requestTimeout: REQUEST_MS,
      retry: { initialRetryTime: 100 },
    });
  const open = (name: string, brokers: readonly string[], more: Partial<KafkaOptions> = {}) =>
    openKafka({
      ...{ brokers, clientId: `rondo/${name}/test/0`, clock: systemClock, log: silentLog, random: Math.random },
      ...more,
    });
  const reader = await open("reader", kafka.direct);
  const admin = clientOf(kafka.direct).admin();
  await admin.connect();
  return {
    admin,
    async producer(config) {
      const producer = clientOf(kafka.brokers).producer(config);
      onTestFinished(() => producer.disconnect());
      await producer.connect();
      return producer;
    },
    async consumer(config) {
      const consumer = clientOf(kafka.brokers).consumer({
        sessionTimeout: 6_000,
        heartbeatInterval: 500,
        maxWaitTimeInMs: 250,
        ...config,
      });
      onTestFinished(() => consumer.disconnect());
      await consumer.connect();
      return consumer;
    },
    async rondo(name, more) {
      const broker = await open(name, kafka.brokers, more);
      onTestFinished(() => broker.close());
      return broker;
    },
    async texts(topic, partition) {
      const found: LogRecord[] = [];
      for (;;) {
        const more = await reader.read(topic, partition, (found.at(-1)?.offset ?? -1) + 1, 1 << 20);
        if (more.length === 0) return found.map(({ value }) => Buffer.from(value).toString());
        found.push(...more);
      }
    },
    async committed(group, topic, partition) {
      const [found] = await admin.fetchOffsets({ groupId: group, topics: [topic] });
      return Number(found?.partitions.find((one) => one.partition === partition)?.offset ?? -1);
    },
    async close() {
      await admin.disconnect();
      await reader.close();
    },
  };
}
