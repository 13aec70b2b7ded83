/** The log on Kafka. */

export { type KafkaBroker, type KafkaOptions, openKafka } from "./open-kafka.ts";
