/** The address of a gRPC backend, in the spellings that the Collector takes. */
import { type Field, field } from "@rondo/core";

/** Where to connect. */
export interface GrpcTarget {
  /** As grpc-js resolves it: `dns:///host:port`, `unix:///path`, `ipv4:…`. */
  readonly target: string;
  /** The endpoint began with https://, which means TLS whatever `tls.insecure` says. */
  readonly https: boolean;
}

const EXAMPLE = "a host and a port such as tempo:4317";

/** `endpoint`: `host:port`, with http://, https:// or dns:/// before it, or `unix:///path`. */
export const grpcEndpoint: Field<GrpcTarget> = field("host:port", "The backend's address.", (raw, place) => {
  const written = typeof raw === "string" ? raw.trim() : "";
  if (/^unix:(?:\/\/)?\/\S+$/.test(written)) return { target: written, https: false };
  const [, scheme = "", rest = ""] =
    /^(https?:\/\/|dns:\/\/[^/]*\/|dns:|passthrough:\/\/\/?)?(.*)$/is.exec(written) ?? [];
  const address = rest.replace(/\/$/, "");
  // The value is not repeated: who puts credentials into an endpoint must not find them in a log.
  if (address.includes("@")) {
    place.problem("must not contain credentials; put them into headers");
    return undefined;
  }
  const port = Number(/^(?:\[[0-9a-f:.%]+\]|[^\s:/[\]]+):(\d{1,5})$/i.exec(address)?.[1]);
  if (!(port > 0 && port < 65_536)) {
    place.problem(`must be ${EXAMPLE}${address.includes("/") ? "; gRPC has no URL path" : ""}`);
    return undefined;
  }
  const dns = scheme.toLowerCase().startsWith("dns:") ? scheme : "dns:///";
  return { target: `${dns}${address}`, https: scheme.toLowerCase() === "https://" };
});
