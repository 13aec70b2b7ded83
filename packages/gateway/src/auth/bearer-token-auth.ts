/** The `bearertokenauth` extension on a receiver: tokens and API keys, each set of them with its tenant. */
import type { IncomingHttpHeaders } from "node:http";
import {
  DEFAULT_TENANT,
  defineExtension,
  Fault,
  group,
  list,
  map,
  optional,
  type Place,
  secret,
  text,
  type ValuesOf,
} from "@rondo/core";
import { type WatchedFile, watchFiles } from "../watch-files.ts";
import type { Authenticator, AuthSurroundings, Identity, Known } from "./authenticator.ts";
import { isTenantName, tenantName } from "./tenant-name.ts";
import { MAX_TOKENS, type TokenSet, tokenSet } from "./token-set.ts";

/** What of a header is looked at; tokens are shorter. */
const HEADER_CHARS = 8_192;

const tokens = {
  token: optional(secret("One token.")),
  tokens: list("Several tokens, so that one can be exchanged while the other still counts.", secret("A token."), []),
  filename: optional(
    text(
      "A file with a token a line, in place of both. It is read again when it changes; a broken one leaves the last good.",
    ),
  ),
};

type Tokens = ValuesOf<typeof tokens>;

const fields = {
  ...tokens,
  header: text(
    "The header that carries the token. `X-API-Key` with an empty scheme makes API keys of them.",
    "Authorization",
  ),
  scheme: text("The word before the token; empty for none.", "Bearer"),
  tenant: optional(tenantName(`Whose data these tokens send; "${DEFAULT_TENANT}" where nothing is said. Rondo's own.`)),
  tenants: map(
    "More tokens, by the tenant whose data they send. Rondo's own.",
    group("The tokens of a tenant.", tokens),
    new Map(),
  ),
};

/** What the extension parses to. */
export type BearerTokenAuthValues = ValuesOf<typeof fields>;

/** `extensions: bearertokenauth`. Contrib: extension/bearertokenauthextension. */
export const bearerTokenAuthExtension = defineExtension({
  type: "bearertokenauth",
  aliases: ["bearer_token_auth"],
  summary: "Lets in who sends a known token, and says whose data it is.",
  signals: [],
  provides: ["authenticator"],
  fields,
  check(values, place) {
    if (!/^[A-Za-z0-9-]+$/.test(values.header)) place.at("header").problem("must be the name of a header");
    for (const name of values.tenants.keys()) isTenantName(name, place.at("tenants").at(name));
    const sets = setsOf(values);
    for (const { at, tokens } of sets) {
      if (at === "" && values.tenants.size > 0 && isEmpty(tokens)) continue;
      checkTokens(
        tokens,
        at
          .split("::")
          .filter(Boolean)
          .reduce((inner, key) => inner.at(key), place),
      );
    }
  },
});

function checkTokens(values: Tokens, place: Place): void {
  if (isEmpty(values)) place.problem("must have token, tokens or filename: without any, nobody could be let in");
  const given = givenTokens(values);
  if (values.filename !== null && given.length > 0) {
    place.at("filename").warn("stands beside token or tokens, which then do not count, as in the Collector");
  }
  if (given.some((token) => token.trim() === "")) place.problem("has an empty token, which everybody could send");
}

const givenTokens = ({ token, tokens }: Tokens) =>
  [...tokens, ...(token === null ? [] : [token])].map((one) => one.reveal());

const isEmpty = (values: Tokens) => values.filename === null && givenTokens(values).length === 0;

interface TenantTokens {
  /** Where they stand, below the extension. */
  readonly at: string;
  readonly tenant: string;
  readonly tokens: Tokens;
}

/** Every set of tokens with its tenant. */
function setsOf(values: BearerTokenAuthValues): readonly TenantTokens[] {
  return [
    { at: "", tenant: values.tenant ?? DEFAULT_TENANT, tokens: values },
    ...[...values.tenants].map(([tenant, tokens]) => ({ at: `tenants::${tenant}`, tenant, tokens })),
  ];
}

/** Reads the tokens. Rejects with a `config` Fault that names key and file, never a token. */
export async function openBearerTokenAuth(
  values: BearerTokenAuthValues,
  around: AuthSurroundings,
): Promise<Authenticator> {
  const { header, scheme } = values;
  const sets = setsOf(values);
  const files: WatchedFile[] = sets.flatMap(({ at, tokens: { filename } }) =>
    filename === null ? [] : [{ key: [around.key, at, "filename"].filter(Boolean).join("::"), path: filename }],
  );
  let known: TokenSet<Identity> = tokenSet([]);
  const close = await watchFiles({
    ...around,
    files,
    take(contents) {
      const read = [...contents];
      known = tokenSet(
        sets.flatMap(({ tenant, tokens }) => {
          const content = tokens.filename === null ? undefined : read.shift();
          const mine =
            content === undefined ? givenTokens(tokens) : tokensIn(content, `${around.key}: ${tokens.filename}`);
          return mine.map((token) => [token, { tenant }] as const);
        }),
      );
    },
  });
  const name = header.toLowerCase();
  return {
    challenge: `${scheme === "" ? "ApiKey" : scheme} realm="rondo"`,
    authenticate: (headers) => identify(tokenFrom(headers, name, scheme), known, header),
    close,
  };
}

function identify(token: string | undefined, known: TokenSet<Identity>, header: string): Known {
  if (token === undefined) return new Fault("unauthenticated", `the request has no token in its ${header} header`);
  return known.ownerOf(token) ?? new Fault("unauthenticated", "the token is not known here");
}

/** The token of a request. The scheme's letters may be of either case, RFC 9110 §11.1. */
function tokenFrom(headers: IncomingHttpHeaders, name: string, scheme: string): string | undefined {
  const value = headers[name];
  if (typeof value !== "string" || value.length > HEADER_CHARS) return undefined;
  const prefix = scheme === "" ? "" : `${scheme} `;
  if (value.slice(0, prefix.length).toLowerCase() !== prefix.toLowerCase()) return undefined;
  const token = value.slice(prefix.length).trim();
  return token === "" ? undefined : token;
}

/** A token a line. In the Collector the empty line at a file's end is a token too. */
function tokensIn(content: Buffer, where: string): readonly string[] {
  const found = content
    .toString("utf8")
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
  if (found.length === 0) throw new Fault("config", `${where} holds no token`);
  if (found.length > MAX_TOKENS)
    throw new Fault("config", `${where} holds ${found.length} tokens, more than ${MAX_TOKENS}`);
  return found;
}
