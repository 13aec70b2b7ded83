/** Tempo for tests: takes OTLP over both transports and gives traces back by their id. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { tool } from "../../needs.ts";
import { freePorts } from "../free-port.ts";
import { type HttpServer, startHttpServer } from "./http-server.ts";

/** One span of a trace, with what tests look at. Ids are hexadecimal. */
export interface TracedSpan {
  readonly service: string;
  readonly name: string;
  readonly spanId: string;
  readonly parentSpanId: string;
}

/** A Tempo that runs. */
export interface Tempo extends HttpServer {
  /** The ports of its OTLP receivers. */
  readonly otlpGrpcPort: number;
  readonly otlpHttpPort: number;
  /** The spans of a trace, by its id in hexadecimal; none when Tempo does not know it (yet). */
  trace(id: string): Promise<readonly TracedSpan[]>;
}

/** Starts Tempo on free ports of loopback. Resolves when it is ready. */
export async function startTempo(): Promise<Tempo> {
  const [port = 0, grpc = 0, otlpGrpcPort = 0, otlpHttpPort = 0, gossip = 0] = await freePorts(5);
  const server = await startHttpServer({
    name: "tempo",
    port,
    readyPath: "/ready",
    config: (data) => {
      mkdirSync(join(data, "wal/search"), { recursive: true });
      return `
search_enabled: true
server:
  {http_listen_address: 127.0.0.1, http_listen_port: ${port}, grpc_listen_address: 127.0.0.1, grpc_listen_port: ${grpc}}
distributor:
  receivers:
    otlp: {protocols: {grpc: {endpoint: "127.0.0.1:${otlpGrpcPort}"}, http: {endpoint: "127.0.0.1:${otlpHttpPort}"}}}
ingester:
  trace_idle_period: 2s
  max_block_duration: 30s
  lifecycler:
    {address: 127.0.0.1, min_ready_duration: 0s, ring: {kvstore: {store: inmemory}, replication_factor: 1}}
memberlist: {bind_addr: [127.0.0.1], bind_port: ${gossip}}
storage: {trace: {backend: local, local: {path: ${data}/blocks}, wal: {path: ${data}/wal}}}
usage_report: {reporting_enabled: false}
`;
    },
    command: ({ config }) => [tool("tempo"), `-config.file=${config}`],
  });
  const trace = async (id: string) => {
    const response = await fetch(`${server.url}/api/traces/${id}`, { signal: AbortSignal.timeout(10_000) });
    const said = await response.text();
    if (response.status === 404) return [];
    if (response.status !== 200) throw new Error(`tempo: ${response.status} ${said.slice(0, 500)}`);
    return spansOf(JSON.parse(said));
  };
  return Object.assign(server, { otlpGrpcPort, otlpHttpPort, trace });
}

/** Its answer: OTLP in the JSON of gogo's protobuf, whose ids are base64 and whose scopes have their former name. */
interface TraceAnswer {
  readonly batches: readonly {
    readonly resource?: {
      readonly attributes?: readonly { readonly key: string; readonly value: { readonly stringValue?: string } }[];
    };
    readonly instrumentationLibrarySpans?: readonly ScopeAnswer[];
    readonly scopeSpans?: readonly ScopeAnswer[];
  }[];
}

interface ScopeAnswer {
  readonly spans: readonly { readonly name: string; readonly spanId: string; readonly parentSpanId?: string }[];
}

const hex = (base64: string | undefined) => Buffer.from(base64 ?? "", "base64").toString("hex");

function spansOf(answer: unknown): readonly TracedSpan[] {
  // Of the shape above whenever the status is 200.
  return (answer as TraceAnswer).batches.flatMap(({ resource, instrumentationLibrarySpans, scopeSpans }) => {
    const named = resource?.attributes?.find(({ key }) => key === "service.name");
    return (scopeSpans ?? instrumentationLibrarySpans ?? []).flatMap(({ spans }) =>
      spans.map(({ name, spanId, parentSpanId }) => ({
        service: named?.value.stringValue ?? "",
        name,
        spanId: hex(spanId),
        parentSpanId: hex(parentSpanId),
      })),
    );
  });
}
