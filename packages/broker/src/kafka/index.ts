/** The log on Kafka. */

export { type KafkaOptions, openKafka } from "./open-kafka.ts";
