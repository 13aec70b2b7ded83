/** Opens the authenticators among a service's extensions, each once for all listeners that name it. */
import type { Graph } from "@rondo/config";
import type { Clock, Log } from "@rondo/core";
import type { Reload } from "../watch-files.ts";
import type { Authenticator, AuthSurroundings } from "./authenticator.ts";
import { type BasicAuthValues, basicAuthExtension, openBasicAuth } from "./basic-auth.ts";
import { type BearerTokenAuthValues, bearerTokenAuthExtension, openBearerTokenAuth } from "./bearer-token-auth.ts";
import { type ClientCertAuthValues, clientCertAuthExtension, openClientCertAuth } from "./client-cert-auth.ts";

/** How often files with tokens and passwords are looked at: a revoked one must be out within a minute. */
const CREDENTIALS_MS = 5_000;

/** Authenticators by the id of their extension. */
export type Authenticators = ReadonlyMap<string, Authenticator>;

/** What the authenticators of a process share. */
export interface AuthenticatorsOptions {
  readonly extensions: Graph["extensions"];
  readonly clock: Clock;
  readonly log: Log;
  /** Counts changes of files, by the extension's id. */
  readonly reloaded: (extension: string, outcome: Reload) => void;
}

type Open = (values: unknown, around: AuthSurroundings) => Authenticator | Promise<Authenticator>;

/** By type. The values of a component are those of its type's fields, which is what each opener casts them to. */
const OPENERS: ReadonlyMap<unknown, Open> = new Map<unknown, Open>([
  [basicAuthExtension, (values, around) => openBasicAuth(values as BasicAuthValues, around)],
  [bearerTokenAuthExtension, (values, around) => openBearerTokenAuth(values as BearerTokenAuthValues, around)],
  [clientCertAuthExtension, (values) => openClientCertAuth(values as ClientCertAuthValues)],
]);

/** Opens them; rejects with the `config` Fault of the first that cannot be, and then leaves none open. */
export async function openAuthenticators({ extensions, ...around }: AuthenticatorsOptions): Promise<Authenticators> {
  const opened = new Map<string, Authenticator>();
  try {
    for (const { id, type, values } of extensions) {
      const open = OPENERS.get(type);
      if (open === undefined) continue;
      const { clock, log } = around;
      const reloaded = (outcome: Reload) => around.reloaded(id, outcome);
      opened.set(id, await open(values, { key: `extensions::${id}`, everyMs: CREDENTIALS_MS, clock, log, reloaded }));
    }
  } catch (thrown) {
    for (const one of opened.values()) one.close();
    throw thrown;
  }
  return opened;
}
