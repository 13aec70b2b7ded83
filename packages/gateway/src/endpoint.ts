/** A listener's `host:port` as the Collector writes it, and the sentences for when it cannot be had. */
import { Fault, type Field, field } from "@rondo/core";

/** Where a listener binds. No host means every address of the machine, IPv4 and IPv6; port 0 picks a free one. */
export interface Endpoint {
  readonly host?: string;
  readonly port: number;
}

const FORM = /^(?:\[([0-9A-Fa-f:.%]+)\]|([^:/[\]\s]*)):(\d{1,5})$/;

/** Parses `host:port`, `:port` or `[ipv6]:port`; undefined when it is none of them. */
export function parseEndpoint(written: string): Endpoint | undefined {
  const found = FORM.exec(written.trim());
  if (found === null) return undefined;
  const port = Number(found[3]);
  if (port > 65_535) return undefined;
  const host = found[1] ?? found[2] ?? "";
  return host === "" ? { port } : { host, port };
}

/** Writes an endpoint as people read it. */
export function endpointText({ host, port }: Endpoint): string {
  if (host === undefined) return `:${port}`;
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** The address to bind. `localhost` is 127.0.0.1 as in Go's listeners, whatever the resolver would put first. */
export function bindAddress({ host, port }: Endpoint): { readonly host?: string; readonly port: number } {
  if (host === undefined) return { port };
  return { host: host === "localhost" ? "127.0.0.1" : host, port };
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

/** The `startup` Fault of a listener that could not bind; `key` is the place in the configuration that names the endpoint. */
export function listenFault(thrown: unknown, at: Endpoint, key: string): Fault {
  const code = thrown instanceof Error && "code" in thrown ? String(thrown.code) : "";
  const reason = REASONS.get(code)?.(endpointText(at), at.port);
  const sentence =
    reason ?? `cannot listen on ${endpointText(at)}: ${thrown instanceof Error ? thrown.message : thrown}`;
  return new Fault("startup", `${key}: ${sentence}`, { cause: thrown });
}
