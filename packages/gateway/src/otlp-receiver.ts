/** The configuration of the `otlp` receiver: the Collector's keys and defaults for OTLP over gRPC and HTTP. */
import {
  choice,
  defineReceiver,
  duration,
  type Field,
  type Fields,
  field,
  flag,
  group,
  integer,
  list,
  type Place,
  type ValuesOf,
} from "@rondo/core";
import { CARRIED } from "@rondo/otlp";
import { type AuthValues, grpcAuth, httpAuth } from "./auth/auth-fields.ts";
import { CODECS } from "./codecs/table.ts";
import { cors } from "./cors.ts";
import { type Endpoint, endpoint } from "./endpoint.ts";
import { responseHeaders } from "./response-headers.ts";
import { checkSharing, isShared } from "./shared-endpoint.ts";
import { listenerTls, type TlsValues } from "./tls/tls-fields.ts";
import { ignored, refused } from "./unbuilt.ts";

const MIB = 1 << 20;

/** The body limit of both transports where none is set, bytes, before and after decompression. Rules of the log 14. */
export const BODY_BYTES = 20 * MIB;

/** The largest body limit that may be set, MiB: above it one request could take a whole admission account. */
const BODY_CEILING_MIB = 512;

/** What `Content-Encoding` may say; empty is a body without. */
const ENCODINGS: readonly string[] = ["", ...CODECS.keys()];

/** A protocol that is off while its key is absent, and on with defaults when the key stands without a value. */
function protocol<F extends Fields>(doc: string, fields: F): Field<ValuesOf<F> | null> {
  const inner = group(doc, fields);
  return {
    docs: { ...inner.docs, required: false, fallback: "off" },
    read: (raw, place) => (raw === undefined ? null : inner.read(raw ?? {}, place)),
  };
}

/** A URL path; the leading slash may be left out, as the Collector allows. */
function urlPath(doc: string, fallback: string): Field<string> {
  return field(
    "path",
    doc,
    (raw, place) => {
      const path = typeof raw === "string" ? raw.trim() : "";
      if (/^[^\s?#]+$/.test(path)) return path.startsWith("/") ? path : `/${path}`;
      place.problem(`must be a path without spaces, ? and #, such as ${fallback}`);
      return undefined;
    },
    { value: fallback, text: fallback },
  );
}

const transport = choice(
  "Network of the endpoint. With unix it is the path of a socket, such as /run/rondo/otlp.sock.",
  ["tcp", "tcp4", "tcp6", "unix"],
  "tcp",
);

const keepalive = group("When idle and dead connections end, named as in grpc-go.", {
  server_parameters: group("What the server does by itself.", {
    max_connection_idle: duration(
      "Ends a connection without calls; grpc-go's default is never, ours has a bound.",
      "15m",
    ),
    max_connection_age: duration(
      "Ends a connection of this age, or up to a tenth older, so that load spreads again; 0 is never.",
      "0s",
    ),
    max_connection_age_grace: duration("Time for the calls of a connection that is too old; 0 is no bound.", "0s"),
    time: duration("Asks a silent peer for a sign of life after this time.", "2h"),
    timeout: duration("Ends the connection when that sign does not come.", "20s"),
  }),
  enforcement_policy: group("What clients may do; whoever does it three times too often loses the connection.", {
    min_time: duration("The least time between a client's pings while it has calls and nothing is sent to it.", "5m"),
    permit_without_stream: flag("Lets clients ping without calls, too; else they may do so every 2 h.", false),
  }),
});

const includeMetadata = flag(
  "Keeps those headers of requests that the configuration reads, by metadata_keys or from_context, and no others.",
  false,
);

const grpcFields = {
  endpoint: endpoint(
    "Where to listen for OTLP/gRPC. That of http may be the same one, with the same `tls`: both protocols then share the port, and clients are told apart by what they speak.",
    "localhost:4317",
  ),
  transport,
  max_recv_msg_size_mib: integer("Largest message, MiB, before and after decompression; 0 is 20 MiB.", 0, {
    max: BODY_CEILING_MIB,
  }),
  max_concurrent_streams: integer("Calls that one connection may have open; 0 is 256.", 0, { max: 100_000 }),
  keepalive,
  read_buffer_size: ignored("Bytes read at once.", "Node chooses its own buffers."),
  write_buffer_size: ignored("Bytes written at once.", "Node chooses its own buffers."),
  include_metadata: includeMetadata,
  tls: listenerTls,
  auth: grpcAuth,
  middlewares: refused("Extensions that see requests first.", "remove the key"),
};

const httpFields = {
  endpoint: endpoint("Where to listen for OTLP/HTTP. That of grpc may be the same one: see there.", "localhost:4318"),
  transport,
  traces_url_path: urlPath("Path that takes traces.", "/v1/traces"),
  metrics_url_path: urlPath("Path that takes metrics.", "/v1/metrics"),
  logs_url_path: urlPath("Path that takes logs.", "/v1/logs"),
  max_request_body_size: integer("Largest body, bytes, before and after decompression; 0 is 20 MiB.", 0, {
    max: BODY_CEILING_MIB * MIB,
  }),
  compression_algorithms: list(
    "Content-Encodings that are taken, the empty one for bodies without; others are answered 415.",
    choice("Encoding.", ENCODINGS),
    ENCODINGS,
  ),
  response_headers: responseHeaders,
  read_timeout: duration(
    "Time for a whole request to arrive; 0 is 15s. Late headers are answered 408, a late body 503 with Retry-After.",
    "0s",
  ),
  read_header_timeout: duration("Time for the headers to arrive; 0 is 10s.", "0s"),
  idle_timeout: duration("How long an idle connection is kept; 0 is 75s.", "0s"),
  write_timeout: duration(
    "Ends a connection on which nothing has moved for so long while a request or its answer is under way; 0 is 30s.",
    "0s",
  ),
  keep_alives_enabled: flag("Keeps connections open between requests.", true),
  include_metadata: includeMetadata,
  cors,
  tls: listenerTls,
  auth: httpAuth,
  middlewares: refused("Extensions that see requests first.", "remove the key"),
};

/** Tokens and passwords are for whoever reads them on the way. */
function warnOfOpenCredentials({ auth, tls, endpoint }: Guarded, place: Place): void {
  if (auth === null || tls !== null || "path" in endpoint) return;
  if (/^(?:localhost|127\.\d+\.\d+\.\d+|::1)$/.test(endpoint.host ?? "")) return;
  place
    .at("auth")
    .warn("takes tokens or passwords without TLS, readable on the way; add tls: here, or end TLS in front of Rondo");
}

/** The two keys say one thing, as in the Collector, and must not say two. */
function checkTransport({ transport, endpoint }: Guarded, place: Place): void {
  const isPath = "path" in endpoint;
  if (isPath === (transport === "unix")) return;
  place
    .at("endpoint")
    .problem(
      isPath
        ? "is the path of a socket, which needs transport: unix"
        : "must be the path of a socket, such as /run/rondo/otlp.sock, because transport is unix",
    );
}

/** What of a protocol says where it is and how it is guarded. */
interface Guarded {
  readonly transport: string;
  readonly auth: Partial<AuthValues> | null;
  readonly tls: TlsValues | null;
  readonly endpoint: Endpoint;
}

/**
 * The `otlp` receiver. An absent protocol is off, `grpc:` without a value is on with defaults, and one of them must be on.
 * Collector: receiver/otlpreceiver, config/configgrpc, config/confighttp.
 */
export const otlpReceiver = defineReceiver({
  type: "otlp",
  summary: "Takes OTLP over gRPC and HTTP, and answers OK only when the batch is durable.",
  signals: CARRIED,
  fields: {
    protocols: group("The protocols to listen for; at least one.", {
      grpc: protocol("OTLP/gRPC.", grpcFields),
      http: protocol("OTLP/HTTP with protobuf or JSON bodies.", httpFields),
    }),
    validate: choice(
      "How deep requests are checked before they are acknowledged: `structure` reads every frame, and the fields, ids and names of every item, and leaves what is inside attributes and the like to the worker, which drops malformed items as `invalid_item`; `full` reads everything first and refuses, by partial success, items that are malformed or that no backend can use.",
      ["structure", "full"],
      "structure",
    ),
  },
  check({ protocols }, place) {
    if (protocols.grpc === null && protocols.http === null) {
      place.at("protocols").problem("must name grpc, http or both, as in `protocols: {grpc: null}`");
    }
    checkSharing(protocols, place.at("protocols"));
    for (const [name, values] of Object.entries(protocols)) {
      if (values === null) continue;
      checkTransport(values, place.at("protocols").at(name));
      warnOfOpenCredentials(values, place.at("protocols").at(name));
    }
  },
  keepsMetadata: ({ protocols }) =>
    Object.entries(protocols).flatMap(([name, values]) =>
      values?.include_metadata === true ? [["protocols", name, "include_metadata"]] : [],
    ),
  listens: ({ protocols }) =>
    Object.entries(protocols).flatMap(([name, values]) => {
      if (values === null || (name === "grpc" && isShared(protocols))) return [];
      return [{ keys: ["protocols", name, "endpoint"], endpoint: values.endpoint }];
    }),
  uses: ({ protocols }) =>
    Object.entries(protocols).flatMap(([name, values]) => {
      const id = values?.auth?.authenticator;
      const keys = ["protocols", name, "auth", "authenticator"];
      return id === undefined ? [] : [{ keys, id, as: "authenticator" as const }];
    }),
});

/** The values of the otlp receiver. */
export type OtlpReceiverValues = ValuesOf<(typeof otlpReceiver)["fields"]>;

/** The values of its gRPC listener. */
export type GrpcValues = ValuesOf<typeof grpcFields>;

/** The values of its HTTP listener. */
export type HttpValues = ValuesOf<typeof httpFields>;
