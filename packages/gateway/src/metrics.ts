/** What the gateway tells of itself, and how that becomes Rondo's own metrics. */
import type { Handle, HistogramHandle, Registry } from "@rondo/monitor";
import type { Carried } from "@rondo/otlp";
import type { Admission } from "./admission.ts";
import type { MetadataRefusal } from "./client-metadata.ts";
import type { Reload } from "./watch-files.ts";

/** The transports of OTLP. */
export type Protocol = "grpc" | "http";

/** Whose items are counted. */
export interface Account {
  /** The receiver's id. */
  readonly receiver: string;
  readonly signal: Carried;
  readonly tenant: string;
}

/** Refused items by why: a reason of `refused-items.ts`, or the code of the Fault that their request was answered with. */
export type Reasons = Readonly<Record<string, number>>;

/** How a request ended: `ok`, `partial` (some items refused for good), or the code of the Fault that it was answered with. */
export type Outcome = string;

/** Where the gateway's counts go. */
export interface GatewayMetrics {
  /** Items that were acknowledged after they were durable. At start, what earlier processes of this instance accepted. */
  accepted(account: Account, items: number): void;
  /** Items that were answered with a refusal, as far as a request could be read. At start, as for `accepted`. */
  refused(account: Account, items: number, reason: string): void;
  /** One request was answered, `seconds` after its last byte had arrived. */
  answered(receiver: string, protocol: Protocol, outcome: Outcome, seconds: number): void;
  /** A connection ended in its TLS handshake. */
  handshakeFailed(receiver: string, protocol: Protocol): void;
  /** One request was refused for the client metadata that it had. */
  metadataRefused(receiver: string, reason: MetadataRefusal): void;
  /** Files of a receiver or an extension had changed, and were taken over or not. */
  reloaded(component: string, outcome: Reload): void;
  /** Called once: the account whose state may be asked for at any time. */
  watch(admission: Admission): void;
}

/** Counts nothing. */
export const noMetrics: GatewayMetrics = {
  accepted() {},
  refused() {},
  answered() {},
  handshakeFailed() {},
  metadataRefused() {},
  reloaded() {},
  watch() {},
};

/** Writes into the registry of the process. */
export function registryMetrics(registry: Registry): GatewayMetrics {
  const counters = new Map<string, Handle>();
  const histograms = new Map<string, HistogramHandle>();
  return {
    accepted({ receiver: component, signal, tenant }, items) {
      once(counters, `accepted\n${component}\n${signal}\n${tenant}`, () =>
        registry.counter("rondo_items_accepted_total", { signal, tenant, component }),
      ).add(items);
    },
    refused({ receiver: component, signal, tenant }, items, reason) {
      once(counters, `refused\n${component}\n${signal}\n${tenant}\n${reason}`, () =>
        registry.counter("rondo_items_refused_total", { signal, tenant, component, reason }),
      ).add(items);
    },
    answered(component, protocol, outcome, seconds) {
      once(counters, `${component}\n${protocol}\n${outcome}`, () =>
        registry.counter("rondo_requests_total", { component, protocol, outcome }),
      ).add(1);
      once(histograms, `${component}\n${protocol}`, () =>
        registry.histogram("rondo_request_duration_seconds", { component, protocol }),
      ).observe(seconds);
    },
    handshakeFailed(component, protocol) {
      registry.counter("rondo_tls_handshake_failures_total", { component, protocol }).add(1);
    },
    metadataRefused(component, reason) {
      registry.counter("rondo_metadata_refusals_total", { component, reason }).add(1);
    },
    reloaded(component, outcome) {
      registry.counter("rondo_file_reloads_total", { component, outcome }).add(1);
    },
    watch(account) {
      // One account serves every receiver of the process.
      registry.computed("rondo_gateway_in_flight_bytes", { component: "" }, () => account.inUse);
      registry.computed("rondo_gateway_credit_bytes", { component: "" }, () =>
        Math.max(0, account.ceiling - account.inUse),
      );
    },
  };
}

/** Finds or makes the entry of a key. The keys are receivers, signals, tenants and outcomes: configured, hence few. */
function once<T>(made: Map<string, T>, key: string, make: () => T): T {
  const found = made.get(key);
  if (found !== undefined) return found;
  const fresh = make();
  made.set(key, fresh);
  return fresh;
}
