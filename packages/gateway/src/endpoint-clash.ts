/**
 * Endpoints that are named twice. The protocols of one receiver share a port by naming the same endpoint with the same certificate;
 * everything else that cannot be bound twice is told before anything is bound, with both places.
 */
import { isDeepStrictEqual } from "node:util";
import { Fault, type Place } from "@rondo/core";
import { bindAddress, type Endpoint, endpointText } from "./endpoint.ts";
import type { Protocol } from "./metrics.ts";
import type { TlsValues } from "./tls/tls-fields.ts";

/** What of a protocol's values says where it listens, and with which certificate. */
export interface Located {
  readonly endpoint: Endpoint;
  readonly tls: TlsValues | null;
}

/** A receiver's protocols; null is off. */
export type Protocols = Readonly<Record<Protocol, Located | null>>;

/** Whether both protocols name the same port or socket, and so share it. Of port 0 each gets one of its own. */
export function isShared({ grpc, http }: Protocols): boolean {
  return (
    grpc !== null && http !== null && collide(grpc.endpoint, http.endpoint) && isSame(grpc.endpoint, http.endpoint)
  );
}

/** Reports at `place`, that of `protocols`, what keeps both protocols from the endpoints that they name. */
export function checkSharing({ grpc, http }: Protocols, place: Place): void {
  if (grpc === null || http === null || !collide(grpc.endpoint, http.endpoint)) return;
  const other = place.at("grpc");
  if (!isSame(grpc.endpoint, http.endpoint)) {
    const taken = `${other.at("endpoint").path}, ${endpointText(grpc.endpoint)}`;
    place
      .at("http")
      .at("endpoint")
      .problem(`takes the port of ${taken}; write both alike to share it, or choose another port`);
  } else if (!isDeepStrictEqual(revealed(grpc.tls), revealed(http.tls))) {
    place
      .at("http")
      .at("tls")
      .problem(
        `must equal ${other.at("tls").path}: both protocols share ${endpointText(http.endpoint)}, which has one certificate; ` +
          "write both alike, or choose another port",
      );
  }
}

/** An endpoint, and where it stands in the configuration. */
export interface Placed {
  readonly key: string;
  readonly endpoint: Endpoint;
}

/** What a receiver will bind: a shared endpoint once. `listen` replaces configured endpoints, as a gateway's option does. */
export function endpointsOf(
  receiver: string,
  protocols: Protocols,
  listen: (receiver: string, protocol: Protocol) => Endpoint | undefined = () => undefined,
): Placed[] {
  const bound = isShared(protocols) ? (["http"] as const) : (["grpc", "http"] as const);
  return bound.flatMap((protocol) => {
    const configured = protocols[protocol];
    if (configured === null) return [];
    const key = `receivers::${receiver}::protocols::${protocol}::endpoint`;
    return [{ key, endpoint: listen(receiver, protocol) ?? configured.endpoint }];
  });
}

/** Throws a `config` Fault that names both places when two of `endpoints` cannot be bound together. */
export function refuseClash(endpoints: readonly Placed[]): void {
  for (const [i, { key, endpoint }] of endpoints.entries()) {
    const taken = endpoints.slice(0, i).find((other) => collide(other.endpoint, endpoint));
    if (taken === undefined) continue;
    throw new Fault(
      "config",
      `${key}: ${endpointText(endpoint)} is taken by ${taken.key}; only the protocols of one receiver can share an endpoint, choose another`,
    );
  }
}

/** Whether two endpoints are one, under any of its names. */
function isSame(a: Endpoint, b: Endpoint): boolean {
  return isDeepStrictEqual(bindAddress(a), bindAddress(b));
}

/** Whether a socket at one endpoint leaves none at the other. Of host names the system is asked later, when they are bound. */
function collide(a: Endpoint, b: Endpoint): boolean {
  if ("path" in a || "path" in b) return isSame(a, b);
  if (a.port !== b.port || a.port === 0) return false;
  return isSame(a, b) || covers(a.host, b.host) || covers(b.host, a.host);
}

/** Whether `host` stands for every address, `other` among them. */
function covers(host: string | undefined, other: string | undefined): boolean {
  if (host === undefined || host === "::") return true;
  return host === "0.0.0.0" && /^(?:localhost|[\d.]+)$/.test(other ?? "");
}

/** Values that can be compared: two secrets look alike, whatever they hold. */
function revealed(tls: TlsValues | null): unknown {
  return tls && { ...tls, key_pem: tls.key_pem?.reveal() };
}
