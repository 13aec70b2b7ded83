/** Who sends: what a listener asks before it reads a byte of a body, whatever the transport. The tenant comes from here alone. */
import type { IncomingHttpHeaders } from "node:http";
import type { Socket } from "node:net";
import { type Clock, DEFAULT_TENANT, type Fault, type Log } from "@rondo/core";
import type { Reload } from "../watch-files.ts";

/** A client that is let in. */
export interface Identity {
  /** Whose data it sends. Rules of the log 9. */
  readonly tenant: string;
}

/** A client that is let in, or the Fault that it is answered with: `unauthenticated`, `forbidden`, or one that later may cure. */
export type Known = Identity | Fault;

/** Tells clients apart by what they send before their data. */
export interface Authenticator {
  /** The value of WWW-Authenticate in a 401, RFC 9110 §11.6.1. */
  readonly challenge: string;
  /**
   * Who a request is from. `headers` have lower-case names; `socket` is a TLSSocket on a listener with TLS. Answers at once
   * wherever it can: a promise is made only for a password that must be hashed. Never throws, never rejects.
   */
  authenticate(headers: IncomingHttpHeaders, socket: Socket): Known | Promise<Known>;
  /** Ends its watch over files. */
  close(): void;
}

/** What an authenticator needs of the process that it runs in. */
export interface AuthSurroundings {
  /** Where it stands in the configuration, such as `extensions::basicauth/sites`. */
  readonly key: string;
  /** Milliseconds between two looks at its files. */
  readonly everyMs: number;
  readonly clock: Clock;
  readonly log: Log;
  /** Counts changes of its files. */
  readonly reloaded: (outcome: Reload) => void;
}

const ANYBODY: Identity = { tenant: DEFAULT_TENANT };

/** Lets everybody in, as the default tenant: a listener without `auth`. */
export const openToAll: Authenticator = { challenge: "", authenticate: () => ANYBODY, close() {} };

/** Whether a client is let in. */
export function isIdentity(known: Known): known is Identity {
  return "tenant" in known;
}
