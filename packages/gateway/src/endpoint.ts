/** A listener's `host:port` or socket file as the Collector writes it, and the sentences for when it cannot be had. */
import { type Endpoint, Fault, type Field, field } from "@rondo/core";

export type { Endpoint } from "@rondo/core";

const FORM = /^(?:\[([0-9A-Fa-f:.%]+)\]|([^:/[\]\s]*)):(\d{1,5})$/;

/** Parses `host:port`, `:port`, `[ipv6]:port`, or a path that begins with `/` or `.`; undefined when it is none of them. */
export function parseEndpoint(written: string): Endpoint | undefined {
  if (/^\.{0,2}\//.test(written)) return { path: written };
  const found = FORM.exec(written.trim());
  if (found === null) return undefined;
  const port = Number(found[3]);
  if (port > 65_535) return undefined;
  const host = found[1] ?? found[2] ?? "";
  return host === "" ? { port } : { host, port };
}

/** Writes an endpoint as people read it. */
export function endpointText(endpoint: Endpoint): string {
  if ("path" in endpoint) return endpoint.path;
  const { host, port } = endpoint;
  if (host === undefined) return `:${port}`;
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** What `listen` takes. `localhost` is 127.0.0.1 as in Go's listeners, whatever the resolver would put first. */
export function bindAddress(endpoint: Endpoint): Endpoint {
  if ("path" in endpoint || endpoint.host !== "localhost") return endpoint;
  return { ...endpoint, host: "127.0.0.1" };
}

/** A listener's endpoint in a configuration. */
export function endpoint(doc: string, fallback: string): Field<Endpoint> {
  const value = parseEndpoint(fallback);
  if (value === undefined) throw new Fault("bug", `the default endpoint ${fallback} is not host:port`);
  return field(
    "host:port",
    doc,
    (raw, place) => {
      const parsed = typeof raw === "string" ? parseEndpoint(raw) : undefined;
      if (parsed === undefined) {
        place.problem("must be host:port without a scheme or a path, such as 0.0.0.0:4317, :4317 or [::1]:4317");
      }
      return parsed;
    },
    { value, text: fallback },
  );
}

type Reason = (where: string, port: number) => string;

const badHost: Reason = (where) =>
  `${where} is not an address of this machine; use 0.0.0.0 for all of them, or one that this machine has`;

const REASONS: ReadonlyMap<string, Reason> = new Map([
  ["EADDRINUSE", (where) => `${where} is in use by another process; stop that one or choose another port`],
  [
    "EACCES",
    (where, port) =>
      `no permission to listen on ${where}; choose a port above 1023${port < 1024 ? ", or run with the right to bind low ports" : ""}`,
  ],
  ["EADDRNOTAVAIL", badHost],
  ["ENOTFOUND", badHost],
  ["EAI_AGAIN", badHost],
  ["EINVAL", badHost],
]);

/** Of socket files; what else goes wrong with one is said as the system says it. */
const FILE_REASONS: ReadonlyMap<string, (path: string) => string> = new Map([
  [
    "EADDRINUSE",
    (path) => `${path} is in use by another process, or is no socket; stop that one or choose another path`,
  ],
  // Node says so of a folder that does not exist as well.
  ["EACCES", (path) => `cannot make ${path}: its folder does not exist, or this process may not write there`],
  ["EINVAL", (path) => `${path} is longer than a socket's path may be (107 bytes on Linux)`],
]);

/** The `startup` Fault of a listener that could not bind; `key` is the place in the configuration that names the endpoint. */
export function listenFault(thrown: unknown, at: Endpoint, key: string): Fault {
  const code = thrown instanceof Error && "code" in thrown ? String(thrown.code) : "";
  const reason = "path" in at ? FILE_REASONS.get(code)?.(at.path) : REASONS.get(code)?.(endpointText(at), at.port);
  const sentence =
    reason ?? `cannot listen on ${endpointText(at)}: ${thrown instanceof Error ? thrown.message : thrown}`;
  return new Fault("startup", `${key}: ${sentence}`, { cause: thrown });
}
