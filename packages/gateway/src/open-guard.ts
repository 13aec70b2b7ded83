/** What stands before a listener: its TLS, and the authenticator that its configuration names. */
import { type Clock, Fault, type Log } from "@rondo/core";
import type { AuthValues } from "./auth/auth-fields.ts";
import { type Authenticator, openToAll } from "./auth/authenticator.ts";
import type { Authenticators } from "./auth/open-authenticators.ts";
import { openServerTls, type ServerTls } from "./tls/server-tls.ts";
import type { TlsValues } from "./tls/tls-fields.ts";
import type { Reload } from "./watch-files.ts";

/** The guard of one listener. */
export interface Guard {
  readonly authenticator: Authenticator;
  /** Absent: plain text. */
  readonly tls?: ServerTls;
}

/** What a guard is made in. */
export interface GuardSurroundings {
  /** Where the protocol stands in the configuration, such as `receivers::otlp::protocols::grpc`. */
  readonly key: string;
  readonly authenticators: Authenticators;
  readonly clock: Clock;
  readonly log: Log;
  readonly reloaded: (outcome: Reload) => void;
  readonly handshakeFailed: () => void;
}

/** Opens the guard; rejects with a `config` Fault that names the key. A listener is never open where it was meant to be closed. */
export async function openGuard(
  { auth, tls }: { readonly auth: Pick<AuthValues, "authenticator"> | null; readonly tls: TlsValues | null },
  { authenticators, ...around }: GuardSurroundings,
): Promise<Guard> {
  const authenticator = auth === null ? openToAll : authenticators.get(auth.authenticator);
  if (authenticator === undefined) {
    const key = `${around.key}::auth::authenticator`;
    throw new Fault("config", `${key}: no extension of the service is the authenticator "${auth?.authenticator}"`);
  }
  if (tls === null) return { authenticator };
  return { authenticator, tls: await openServerTls(tls, { ...around, key: `${around.key}::tls` }) };
}
