/** Real servers for tests, each on free ports of loopback with data of its own; a test asks for them with `needs`. */
export { type Alertmanager, type GettableAlert, startAlertmanager } from "./alertmanager.ts";
export type { HttpServer } from "./http-server.ts";
export { type Kafka, type KafkaNode, type KafkaOptions, startKafka } from "./kafka.ts";
export { type LogLine, type Loki, startLoki } from "./loki.ts";
export { startOtelcol } from "./otelcol.ts";
export { type Prometheus, type QueriedSeries, startPrometheus } from "./prometheus.ts";
export { type Redis, type RedisOptions, startRedis } from "./redis.ts";
export type { ServerProcess } from "./server-process.ts";
export { startTempo, type Tempo, type TracedSpan } from "./tempo.ts";
