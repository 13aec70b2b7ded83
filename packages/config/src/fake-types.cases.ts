/** A small list of components for tests: one of each kind that runs, and a few that are planned. */
import {
  type ComponentTypes,
  choice,
  defineExporter,
  defineExtension,
  defineProcessor,
  defineReceiver,
  duration,
  type Field,
  type Fields,
  flag,
  group,
  integer,
  list,
  map,
  optional,
  secret,
  text,
  type ValuesOf,
} from "@rondo/core";
import { CARRIED, SIGNALS } from "@rondo/otlp";
import { PLANNED } from "./planned.ts";

const never = () => {
  throw new Error("configuration creates nothing");
};

/** Off while its key is absent, on with defaults while it stands without a value. */
function protocol<F extends Fields>(fields: F): Field<ValuesOf<F> | null> {
  const inner = group("A protocol.", fields);
  return {
    docs: { ...inner.docs, required: false, fallback: "off" },
    read: (raw, place) => (raw === undefined ? null : inner.read(raw ?? {}, place)),
  };
}

/** Takes whatever stands there. */
const anything: Field<unknown> = {
  docs: { type: "any value", doc: "Anything.", required: false },
  read: (raw) => raw ?? null,
};

/** Types that take the example configuration of the repository as it is, each key with whatever it has. */
export function permissiveTypes(): ComponentTypes {
  const fieldsOf = (keys: string) => Object.fromEntries(keys.split(" ").map((key) => [key, anything]));
  const processor = (type: string, keys: string) =>
    defineProcessor({
      ...{ type, summary: "", signals: SIGNALS, state: "none", drops: [], create: never },
      fields: fieldsOf(keys),
    });
  const exporter = (type: string, keys: string) =>
    defineExporter({ type, summary: "", signals: SIGNALS, create: never, fields: fieldsOf(keys) });
  return {
    receivers: [defineReceiver({ type: "otlp", summary: "", signals: SIGNALS, fields: fieldsOf("protocols") })],
    processors: [
      processor("batch", "timeout send_batch_size send_batch_max_size"),
      processor("memory_limiter", "check_interval limit_mib spike_limit_mib"),
      processor("attributes", "actions"),
      processor("resource", "attributes"),
    ],
    exporters: [exporter("otlp", "endpoint tls"), exporter("otlphttp", "endpoint tls"), exporter("debug", "verbosity")],
    extensions: FAKE_TYPES.extensions,
    planned: PLANNED,
  };
}

/** Types whose fields cover every kind of field. */
export const FAKE_TYPES: ComponentTypes = {
  receivers: [
    defineReceiver({
      type: "otlp",
      summary: "Receives.",
      signals: CARRIED,
      fields: {
        protocols: group("Protocols.", {
          grpc: protocol({ endpoint: text("Address.", "localhost:4317"), tls: flag("TLS.", false) }),
          http: protocol({ endpoint: text("Address.", "localhost:4318") }),
        }),
      },
      check({ protocols }, place) {
        if (protocols.grpc === null && protocols.http === null) place.problem("must specify at least one protocol");
      },
    }),
    defineReceiver({ type: "syslogs", summary: "Receives logs.", signals: ["logs"], fields: {} }),
  ],
  processors: [
    ...["attributes", "batch", "memory_limiter", "resource"].map((type) =>
      defineProcessor({
        type,
        summary: `Is ${type}.`,
        signals: ["batch", "memory_limiter"].includes(type) ? CARRIED : SIGNALS,
        state: "none",
        drops: type === "batch" ? (["item_too_large"] as const) : [],
        fields: {
          timeout: duration("How long.", "200ms"),
          size: integer("How many.", 8192),
          keys: list("Keys.", text("Key."), []),
        },
        create: never,
      }),
    ),
  ],
  exporters: [
    defineExporter({
      type: "otlp_grpc",
      aliases: ["otlp"],
      summary: "Sends.",
      signals: CARRIED,
      fields: {
        endpoint: text("Address."),
        compression: choice("How bodies are packed.", ["gzip", "none"], "gzip"),
        token: optional(secret("Bearer token.")),
        headers: map("Headers.", secret("Value."), new Map()),
        batch: optional(group("Joins.", { min_size: integer("Items.", 10) })),
        retries: integer("How often.", 3),
        insecure: flag("No TLS.", false),
      },
      refuses: ({ compression }, signal) =>
        signal === "profiles" && compression === "none" ? "compression: they need gzip" : undefined,
      create: never,
    }),
    defineExporter({
      type: "debug",
      summary: "Prints.",
      signals: CARRIED,
      fields: { verbosity: choice("How much.", ["basic", "detailed"], "basic") },
      create: never,
    }),
  ],
  extensions: [
    defineExtension({
      type: "health_check",
      summary: "Answers.",
      signals: [],
      fields: { endpoint: text("Address.", "localhost:13133") },
    }),
  ],
  planned: [
    { kind: "receiver", type: "prometheus", extent: () => "3 targets" },
    { kind: "receiver", type: "host_metrics", aliases: ["hostmetrics"] },
    { kind: "processor", type: "redaction", protects: true },
    { kind: "processor", type: "geoip" },
    { kind: "exporter", type: "prometheus" },
    { kind: "exporter", type: "debug" },
    { kind: "connector", type: "span_metrics", aliases: ["spanmetrics"] },
    { kind: "extension", type: "zpages" },
  ],
};
