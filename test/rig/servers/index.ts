/** Real servers for tests, each on free ports of loopback with data of its own; a test asks for them with `needs`. */
export { type Kafka, type KafkaNode, type KafkaOptions, startKafka } from "./kafka.ts";
export { type Redis, type RedisOptions, startRedis } from "./redis.ts";
export type { ServerProcess } from "./server-process.ts";
