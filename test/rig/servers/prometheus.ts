/** Prometheus for tests: takes remote write 1 and 2 and OTLP, also of the past, and is asked by PromQL. */
import { tool } from "../../needs.ts";
import { freePorts } from "../free-port.ts";
import { getJson, type HttpServer, startHttpServer } from "./http-server.ts";

/** One series of an answer; an instant query gives one point of each. Times are seconds, as Prometheus has them. */
export interface QueriedSeries {
  readonly labels: Readonly<Record<string, string>>;
  readonly points: readonly (readonly [time: number, value: number])[];
}

/** A span of time to be evaluated step by step, in seconds. */
export interface QueryRange {
  readonly start: number;
  readonly end: number;
  readonly step: number;
}

/** A Prometheus that runs. */
export interface Prometheus extends HttpServer {
  /** Where remote write goes. */
  readonly writeUrl: string;
  /** Evaluates PromQL at a time in seconds, or now. Throws what Prometheus says of a bad query. */
  query(promql: string, time?: number): Promise<readonly QueriedSeries[]>;
  queryRange(promql: string, range: QueryRange): Promise<readonly QueriedSeries[]>;
}

/** What a test may want to be different. */
export interface PrometheusOptions {
  /** Further flags. */
  readonly flags?: readonly string[];
  /** Pages that it scrapes once a second, as `host:port`; labels that they bring are kept. */
  readonly targets?: readonly string[];
}

/** Starts Prometheus on a free port of loopback. Resolves when it is ready. */
export async function startPrometheus({ flags = [], targets = [] }: PrometheusOptions = {}): Promise<Prometheus> {
  const [port = 0] = await freePorts(1);
  const server = await startHttpServer({
    name: "prometheus",
    port,
    readyPath: "/-/ready",
    // Recordings lie days back and are replayed out of order; without a window they would be refused.
    config: () =>
      [
        "global: {scrape_interval: 1s, scrape_timeout: 1s}",
        "storage: {tsdb: {out_of_order_time_window: 3650d}, exemplars: {max_exemplars: 1000}}",
        `scrape_configs: [{job_name: page, honor_labels: true, static_configs: [{targets: ${JSON.stringify(targets)}}]}]`,
        "",
      ].join("\n"),
    command: ({ config, data }) => [
      tool("prometheus"),
      `--config.file=${config}`,
      `--storage.tsdb.path=${data}`,
      "--storage.tsdb.retention.time=3650d",
      `--web.listen-address=127.0.0.1:${port}`,
      "--web.enable-remote-write-receiver",
      "--web.enable-otlp-receiver",
      "--log.level=warn",
      ...flags,
    ],
  });
  const ask = async (path: string, query: Readonly<Record<string, string>>) =>
    seriesOf(await getJson(`${server.url}/api/v1/${path}`, query));
  return Object.assign(server, {
    writeUrl: `${server.url}/api/v1/write`,
    query: (promql: string, time?: number) =>
      ask("query", { query: promql, ...(time !== undefined && { time: String(time) }) }),
    queryRange: (promql: string, { start, end, step }: QueryRange) =>
      ask("query_range", { query: promql, start: String(start), end: String(end), step: String(step) }),
  });
}

/** https://prometheus.io/docs/prometheus/latest/querying/api/#expression-query-result-formats */
interface QueryAnswer {
  readonly data: {
    readonly result: readonly {
      readonly metric: Readonly<Record<string, string>>;
      readonly value?: readonly [number, string];
      readonly values?: readonly (readonly [number, string])[];
    }[];
  };
}

function seriesOf(answer: unknown): readonly QueriedSeries[] {
  // Of the shape above whenever the status is 200.
  const { result } = (answer as QueryAnswer).data;
  return result.map(({ metric, value, values = value === undefined ? [] : [value] }) => ({
    labels: metric,
    points: values.map(([time, text]) => [time, parse(text)]),
  }));
}

/** Prometheus writes infinities as `+Inf` and `-Inf`. */
const parse = (text: string) => Number(text.replace("Inf", "Infinity"));
