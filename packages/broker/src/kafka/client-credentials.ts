/** A token for client credentials (OAuth 2.0, RFC 6749 §4.4): asked for when one is needed, and kept until it is about to end. */
import { request as requestPlain } from "node:http";
import { request as requestTls } from "node:https";
import { type Clock, Fault, type TlsMaterial } from "@rondo/core";

/** Who asks, and where. Times in milliseconds. */
export interface ClientCredentialsOptions {
  /** http or https. */
  readonly url: string;
  readonly clientId: string;
  readonly clientSecret: () => Promise<string>;
  readonly scopes: readonly string[];
  /** Further parameters of the request. */
  readonly parameters: ReadonlyMap<string, string>;
  /** How long the endpoint may take. */
  readonly timeoutMs: number;
  /** A token is renewed this long before its end, or after three quarters of its life if that is later. */
  readonly bufferMs: number;
  readonly tls: () => TlsMaterial;
  readonly clock: Clock;
}

/** An answer is a few kilobytes. */
const ANSWER_BYTES = 256 << 10;
/** What is quoted of a refusal. */
const MOST_QUOTED = 200;
/** A token of unknown life (RFC 6749 §5.1 leaves `expires_in` out) is good for one connection. */
const UNKNOWN_LIFE_MS = 0;

interface Token {
  readonly value: string;
  /** On the monotonic clock. */
  readonly renewAt: number;
}

/**
 * Returns what gives the token. It rejects with a Fault `unavailable` when the endpoint does not answer, and with `startup` when it
 * refuses; neither has a secret in its message.
 */
export function clientCredentials(options: ClientCredentialsOptions): () => Promise<string> {
  const { clock, bufferMs } = options;
  let known: Token | undefined;
  let asking: Promise<Token> | undefined;
  const ask = async () => {
    const askedAt = clock.monotonic();
    const { value, lifeMs } = await fetchToken(options);
    known = { value, renewAt: askedAt + Math.max(lifeMs - bufferMs, lifeMs * 0.75) };
    return known;
  };
  return async () => {
    if (known !== undefined && clock.monotonic() < known.renewAt) return known.value;
    // Connections to several brokers begin together and need one token.
    asking ??= ask().finally(() => {
      asking = undefined;
    });
    return (await asking).value;
  };
}

async function fetchToken(
  options: ClientCredentialsOptions,
): Promise<{ readonly value: string; readonly lifeMs: number }> {
  const { url, clientId, clientSecret, scopes, parameters } = options;
  const form = new URLSearchParams({ grant_type: "client_credentials" });
  if (scopes.length > 0) form.set("scope", scopes.join(" "));
  for (const [key, value] of parameters) form.set(key, value);
  // RFC 6749 §2.3.1: both are form-encoded before they are joined.
  const pair = [clientId, await clientSecret()].map((part) => encodeURIComponent(part)).join(":");
  const authorization = `Basic ${Buffer.from(pair).toString("base64")}`;
  const { status, text } = await post(options, authorization, form.toString());
  const answer = parsed(text);
  const where = `the token endpoint ${shown(url)}`;
  if (status >= 500 || status === 429) throw new Fault("unavailable", `${where} answers ${status}`);
  if (status !== 200) {
    // `error` is a word out of a list (RFC 6749 §5.2), such as invalid_client; the rest may be anything.
    const reason = typeof answer["error"] === "string" ? `: ${answer["error"].slice(0, MOST_QUOTED)}` : "";
    const way = "check client_id, client_secret and scopes of broker::kafka::sasl::oauth";
    throw new Fault("startup", `${where} refuses client ${clientId} with ${status}${reason}; ${way}`);
  }
  const { access_token: value, expires_in: seconds } = answer;
  if (typeof value !== "string" || value === "") {
    throw new Fault("startup", `${where} answers without an access_token; is token_url right?`);
  }
  const life = Number(seconds);
  return { value, lifeMs: life > 0 ? life * 1_000 : UNKNOWN_LIFE_MS };
}

function post(
  { url, timeoutMs, tls }: ClientCredentialsOptions,
  authorization: string,
  form: string,
): Promise<{ readonly status: number; readonly text: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ readonly status: number; readonly text: string }>();
  const failed = (reason: string) => reject(new Fault("unavailable", `the token endpoint ${shown(url)} ${reason}`));
  const headers = {
    "content-type": "application/x-www-form-urlencoded",
    "content-length": Buffer.byteLength(form),
    accept: "application/json",
    authorization,
  };
  const signal = AbortSignal.timeout(Math.max(1, timeoutMs));
  const common = { method: "POST", headers, agent: false, signal } as const;
  const material = url.startsWith("https:") ? tls() : undefined;
  const request = material === undefined ? requestPlain(url, common) : requestTls(url, { ...common, ...material });
  request.on("error", (error) =>
    failed(signal.aborted ? `did not answer in ${timeoutMs} ms` : `cannot be reached: ${error.message}`),
  );
  request.on("response", (response) => {
    const pieces: Buffer[] = [];
    let bytes = 0;
    response.on("data", (piece: Buffer) => {
      bytes += piece.length;
      pieces.push(piece);
      if (bytes > ANSWER_BYTES) request.destroy(new Error(`its answer is longer than ${ANSWER_BYTES} B`));
    });
    response.on("error", (error) => failed(`broke off: ${error.message}`));
    response.on("end", () => resolve({ status: response.statusCode ?? 0, text: Buffer.concat(pieces).toString() }));
  });
  request.end(form);
  return promise;
}

/** A URL without its query, in which some endpoints want keys. */
function shown(url: string): string {
  const { origin, pathname } = new URL(url);
  return `${origin}${pathname}`;
}

/** The fields of an answer in JSON; none of any other. */
function parsed(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    // Any object has its fields under text.
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
