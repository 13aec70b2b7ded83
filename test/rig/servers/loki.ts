/** Loki for tests: takes OTLP, also of the past, and is asked by LogQL. */
import { tool } from "../../needs.ts";
import { freePorts } from "../free-port.ts";
import { getJson, type HttpServer, startHttpServer } from "./http-server.ts";

/** One log line: its labels, with structured metadata among them, its time in nanoseconds, and its text. */
export interface LogLine {
  readonly labels: Readonly<Record<string, string>>;
  readonly time: bigint;
  readonly line: string;
}

/** What is asked. */
export interface LogQuery {
  /** A LogQL log query, such as `{service_name="fl-client"} | trace_id="…"`. */
  readonly logql: string;
  /** Milliseconds since the epoch; the last hour unless given. */
  readonly from?: number;
  readonly to?: number;
  /** Most lines; 1000 unless given. */
  readonly limit?: number;
  /** The tenant to ask as, when Loki has tenants. */
  readonly tenant?: string;
}

/** A Loki that runs. */
export interface Loki extends HttpServer {
  /** The lines that match, the oldest first. Throws what Loki says of a bad query. */
  lines(query: LogQuery): Promise<readonly LogLine[]>;
}

/** What a test may want to be different. */
export interface LokiOptions {
  /** Whether every request must name a tenant. */
  readonly tenants?: boolean;
}

/** Starts Loki on free ports of loopback. Resolves when it is ready. */
export async function startLoki({ tenants = false }: LokiOptions = {}): Promise<Loki> {
  const [port = 0, grpc = 0] = await freePorts(2);
  const server = await startHttpServer({
    name: "loki",
    port,
    readyPath: "/ready",
    config: (data) => configuration(data, port, grpc, tenants),
    command: ({ config }) => [tool("loki"), `-config.file=${config}`],
  });
  const lines = async ({ logql, from, to = Date.now(), limit = 1000, tenant }: LogQuery) => {
    const query = {
      query: logql,
      start: nanoseconds(from ?? to - 3_600_000),
      end: nanoseconds(to),
      limit: String(limit),
      direction: "forward",
    };
    const headers = tenant === undefined ? {} : { "x-scope-orgid": tenant };
    return linesOf(await getJson(`${server.url}/loki/api/v1/query_range`, query, headers));
  };
  return Object.assign(server, { lines });
}

const nanoseconds = (milliseconds: number) => `${Math.trunc(milliseconds)}000000`;

function configuration(data: string, port: number, grpc: number, tenants: boolean): string {
  return `
auth_enabled: ${tenants}
server:
  {http_listen_address: 127.0.0.1, http_listen_port: ${port},
   grpc_listen_address: 127.0.0.1, grpc_listen_port: ${grpc}, log_level: warn}
common:
  instance_addr: 127.0.0.1
  path_prefix: ${data}
  storage: {filesystem: {chunks_directory: ${data}/chunks, rules_directory: ${data}/rules}}
  replication_factor: 1
  ring: {kvstore: {store: inmemory}}
schema_config:
  configs:
    - {from: 2020-10-24, store: tsdb, object_store: filesystem, schema: v13, index: {prefix: index_, period: 24h}}
# A recording lies days back. Unless told otherwise, Loki refuses it, or looks for it on disk only.
limits_config: {reject_old_samples: false, max_query_length: 0, ingestion_rate_mb: 64, ingestion_burst_size_mb: 128}
ingester: {lifecycler: {min_ready_duration: 0s}, query_store_max_look_back_period: -1ns}
querier: {query_ingesters_within: 0}
# Without an address it is looked up by a service discovery that takes ten seconds.
frontend_worker: {frontend_address: "127.0.0.1:${grpc}"}
analytics: {reporting_enabled: false}
`;
}

/** https://grafana.com/docs/loki/latest/reference/loki-http-api/#query-logs-within-a-range-of-time */
interface QueryAnswer {
  readonly data: {
    readonly result: readonly {
      readonly stream: Readonly<Record<string, string>>;
      readonly values: readonly (readonly [string, string])[];
    }[];
  };
}

function linesOf(answer: unknown): readonly LogLine[] {
  // Of the shape above for a log query whose status is 200.
  const { result } = (answer as QueryAnswer).data;
  return result
    .flatMap(({ stream, values }) => values.map(([time, line]) => ({ labels: stream, time: BigInt(time), line })))
    .sort((one, other) => (one.time < other.time ? -1 : one.time > other.time ? 1 : 0));
}
