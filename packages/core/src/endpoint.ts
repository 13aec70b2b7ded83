/** Where something listens, and which endpoints leave no room for each other. */

/** An address, or a socket in the file system. */
export type Endpoint = TcpEndpoint | UnixEndpoint;

/** No host means every address of the machine, IPv4 and IPv6; port 0 picks a free one. */
export interface TcpEndpoint {
  readonly host?: string;
  readonly port: number;
}

/** A socket in the file system. */
export interface UnixEndpoint {
  readonly path: string;
}

/** Whether two endpoints are one, under any of its names. Port 0 is another one each time. */
export function isSameEndpoint(a: Endpoint, b: Endpoint): boolean {
  if ("path" in a || "path" in b) return "path" in a && "path" in b && a.path === b.path;
  return a.port === b.port && a.port !== 0 && addressOf(a) === addressOf(b);
}

/**
 * Whether a socket at one endpoint leaves none at the other: they are one, or one stands for every address, the other's among them. Of
 * host names the system alone can tell, when they are bound.
 */
export function collides(a: Endpoint, b: Endpoint): boolean {
  if (isSameEndpoint(a, b)) return true;
  if ("path" in a || "path" in b || a.port !== b.port || a.port === 0) return false;
  return covers(addressOf(a), addressOf(b)) || covers(addressOf(b), addressOf(a));
}

/** `localhost` is 127.0.0.1, as in Go's listeners. */
function addressOf({ host = "::" }: TcpEndpoint): string {
  return host === "localhost" ? "127.0.0.1" : host;
}

function covers(address: string, other: string): boolean {
  return address === "::" || (address === "0.0.0.0" && /^[\d.]+$/.test(other));
}
