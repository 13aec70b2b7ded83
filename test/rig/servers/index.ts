/** Real servers for tests, each on free ports of loopback with data of its own; a test asks for them with `needs`. */
export { startAlertmanager } from "./alertmanager.ts";
export type { HttpServer } from "./http-server.ts";
export { type Kafka, type KafkaOptions, startKafka } from "./kafka.ts";
export { startLoki } from "./loki.ts";
export { startOtelcol } from "./otelcol.ts";
export { startPrometheus } from "./prometheus.ts";
export { type Redis, startRedis } from "./redis.ts";
export { startTempo } from "./tempo.ts";
