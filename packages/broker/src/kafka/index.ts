/** The log on Kafka. */

export type { Compression } from "./codecs/table.ts";
export { type Commit, NOTE_CHARACTERS } from "./group-member.ts";
export type { Credentials } from "./login.ts";
export { type KafkaBroker, type KafkaOptions, openKafka } from "./open-kafka.ts";
export { type KafkaReader, openReader, type ReaderOptions, type ReaderRun } from "./open-reader.ts";
