/** Both protocols of a receiver on one endpoint: when they share it, and what they must have in common. */
import { isDeepStrictEqual } from "node:util";
import { collides, type Endpoint, isSameEndpoint, type Place } from "@rondo/core";
import { endpointText } from "./endpoint.ts";
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
  return grpc !== null && http !== null && isSameEndpoint(grpc.endpoint, http.endpoint);
}

/** Reports at `place`, that of `protocols`, what keeps both protocols from the endpoints that they name. */
export function checkSharing({ grpc, http }: Protocols, place: Place): void {
  if (grpc === null || http === null || !collides(grpc.endpoint, http.endpoint)) return;
  const other = place.at("grpc");
  if (!isSameEndpoint(grpc.endpoint, http.endpoint)) {
    const taken = `${other.at("endpoint").path}, ${endpointText(grpc.endpoint)}`;
    place
      .at("http")
      .at("endpoint")
      .problem(`takes the port of ${taken}; write both alike to share it, or choose another port`);
  } else if (!isDeepStrictEqual(revealed(grpc.tls), revealed(http.tls))) {
    const shared = endpointText(http.endpoint);
    place
      .at("http")
      .at("tls")
      .problem(
        `must equal ${other.at("tls").path}: both protocols share ${shared}, which has one certificate; ` +
          "write both alike, or choose another port",
      );
  }
}

/** Values that can be compared: two secrets look alike, whatever they hold. */
function revealed(tls: TlsValues | null): unknown {
  return tls && { ...tls, key_pem: tls.key_pem?.reveal() };
}
