/** The `basicauth` extension on a receiver: users with passwords, each with its tenant. */
import { DEFAULT_TENANT, defineExtension, Fault, group, map, optional, secret, text, type ValuesOf } from "@rondo/core";
import { refused } from "../unbuilt.ts";
import { watchFiles } from "../watch-files.ts";
import type { Authenticator, AuthSurroundings, Known } from "./authenticator.ts";
import { matchesDigest, parseHtpasswd, type StoredPassword } from "./htpasswd.ts";
import { remembered } from "./remembered.ts";
import { slowHashes } from "./slow-hashes.ts";
import { tenantName } from "./tenant-name.ts";
import { digestOf } from "./token-set.ts";

/**
 * How long after its last use a password that was right need not be hashed again, and for how long one that was wrong; both end
 * when the file changes.
 */
const RIGHT_MS = 3_600_000;
const WRONG_MS = 60_000;
const MAX_REMEMBERED = 10_000;

/** Passwords that one user may have under check, so that who guesses at one keeps out nobody else. */
const CHECKS_PER_USER = 2;

/** Requests that wait for a check, whoever sends them: what a client sends ahead meanwhile is in nobody's account. */
const MAX_WAITING = 64;

/** Those of them that name one user: the password that many guess alike is one check, but not one wait. */
const WAITING_PER_USER = 8;

/** What of a header is looked at. */
const HEADER_CHARS = 4_096;

const fields = {
  htpasswd: optional(
    group("Who may send: one or both of these; of a user in both, the inline line counts.", {
      file: optional(text("An htpasswd file. It is read again when it changes; a broken one leaves the last good.")),
      inline: optional(secret("The lines of such a file.")),
    }),
  ),
  tenant: optional(
    tenantName(
      `Whose data users send that tenants does not name; "${DEFAULT_TENANT}" where neither key is set. With tenants alone, such users are refused. Rondo's own.`,
    ),
  ),
  tenants: map("Whose data each user sends, by user name. Rondo's own.", tenantName("The tenant."), new Map()),
  client_auth: refused("Credentials of an exporter.", "write the header into the exporter's headers"),
};

/** What the extension parses to. */
export type BasicAuthValues = ValuesOf<typeof fields>;

/** `extensions: basicauth`. Contrib: extension/basicauthextension. */
export const basicAuthExtension = defineExtension({
  type: "basicauth",
  aliases: ["basic_auth"],
  summary: "Lets in who sends a known user and password, and says whose data it is.",
  signals: [],
  provides: ["authenticator"],
  fields,
  check({ htpasswd }, place) {
    if (htpasswd === null || (htpasswd.file === null && (htpasswd.inline?.reveal() ?? "").trim() === "")) {
      place.at("htpasswd").problem("must have file or inline: without users, nobody could be let in");
    }
  },
});

/** Of one user, the checks that are under way, and the requests that wait for them. */
interface Checks {
  readonly byPassword: Map<string, Promise<Known>>;
  waiting: number;
}

const WRONG = () => new Fault("unauthenticated", "user or password is wrong");

/** Reads the users. Rejects with a `config` Fault that names file and line, never a password or its hash. */
export async function openBasicAuth(values: BasicAuthValues, around: AuthSurroundings): Promise<Authenticator> {
  const { clock } = around;
  const file = values.htpasswd?.file ?? null;
  const inline = parseHtpasswd(values.htpasswd?.inline?.reveal() ?? "", `${around.key}::htpasswd::inline`);
  const hashes = slowHashes();
  const right = remembered<Known>(clock, { ttlMs: RIGHT_MS, max: MAX_REMEMBERED });
  const wrong = remembered<true>(clock, { ttlMs: WRONG_MS, max: MAX_REMEMBERED });
  const checks = new Map<string, Checks>();
  let waiting = 0;
  let users: ReadonlyMap<string, StoredPassword> = inline;

  const stopWatching = await watchFiles({
    ...around,
    files: file === null ? [] : [{ key: `${around.key}::htpasswd::file`, path: file }],
    take([content]) {
      const read = content === undefined ? [] : parseHtpasswd(content.toString("utf8"), `${around.key}: ${file}`);
      const next = new Map([...read, ...inline]);
      if (next.size === 0) throw new Fault("config", `${around.key}: ${file} has no user`);
      users = next;
      right.clear();
      wrong.clear();
    },
  });

  /** Checks a slow hash and remembers the answer, unless the users changed meanwhile. */
  const check = async (user: string, password: string, hash: string, key: string): Promise<Known> => {
    const asked = users;
    try {
      const matches = await hashes.matches(hash, password);
      const known = matches ? tenantOf(values, user) : WRONG();
      if (users === asked) matches ? right.set(key, known) : wrong.set(key, true);
      return known;
    } catch (thrown) {
      return Fault.from(thrown);
    }
  };

  const slowly = (user: string, password: string, hash: string): Known | Promise<Known> => {
    const key = digestOf(`${user}\n${password}`).toString("latin1");
    const known = right.get(key);
    if (known !== undefined) {
      // As long as it is used: else who guesses at a user could keep out whoever has the password when it is forgotten.
      right.set(key, known);
      return known;
    }
    if (wrong.get(key)) return WRONG();
    if (waiting >= MAX_WAITING)
      return new Fault("throttled", `${MAX_WAITING} requests wait for passwords to be checked`);
    const running = checks.get(user) ?? { byPassword: new Map(), waiting: 0 };
    if (running.waiting >= WAITING_PER_USER)
      return new Fault("throttled", `${WAITING_PER_USER} requests wait for passwords of this user to be checked`);
    const same = running.byPassword.get(key);
    if (same !== undefined) return waited(same, running);
    if (running.byPassword.size >= CHECKS_PER_USER)
      return new Fault("throttled", "other passwords of this user are being checked");
    const checking = check(user, password, hash, key).finally(() => {
      running.byPassword.delete(key);
      if (running.byPassword.size === 0) checks.delete(user);
    });
    running.byPassword.set(key, checking);
    checks.set(user, running);
    return waited(checking, running);
  };

  const waited = async (checking: Promise<Known>, running: Checks): Promise<Known> => {
    waiting += 1;
    running.waiting += 1;
    const known = await checking;
    waiting -= 1;
    running.waiting -= 1;
    return known;
  };

  return {
    challenge: 'Basic realm="rondo", charset="UTF-8"',
    authenticate({ authorization }) {
      const given = credentialsIn(authorization);
      if (given === undefined) return new Fault("unauthenticated", "the request has no user and password");
      const stored = users.get(given.user);
      // Who may send telemetry is no secret worth a hash per guess: an unknown user is told at once.
      if (stored === undefined) return WRONG();
      if (stored.kind === "slow") return slowly(given.user, given.password, stored.hash);
      return matchesDigest(stored, given.password) ? tenantOf(values, given.user) : WRONG();
    },
    close() {
      stopWatching();
      hashes.close();
    },
  };
}

/** The tenant of a user whose password was right. */
function tenantOf({ tenant, tenants }: BasicAuthValues, user: string): Known {
  const named = tenants.get(user) ?? tenant;
  if (named !== null) return { tenant: named };
  if (tenants.size === 0) return { tenant: DEFAULT_TENANT };
  return new Fault("forbidden", "these credentials have no tenant here");
}

/** User and password of an Authorization header, RFC 7617; undefined when there are none. */
function credentialsIn(header: string | undefined): { readonly user: string; readonly password: string } | undefined {
  if (header === undefined || header.length > HEADER_CHARS) return undefined;
  const encoded = /^basic +([A-Za-z0-9+/]+={0,2}) *$/i.exec(header)?.[1];
  if (encoded === undefined) return undefined;
  const text = Buffer.from(encoded, "base64").toString("utf8");
  const colon = text.indexOf(":");
  return colon < 0 ? undefined : { user: text.slice(0, colon), password: text.slice(colon + 1) };
}
