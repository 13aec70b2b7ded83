/**
 * `sasl` of a client: who to be at the brokers. A password or a token in a file is read again for every connection, so that
 * one which was renewed needs no restart.
 */
import { clientTls } from "./client-tls.ts";
import {
  choice,
  duration,
  group,
  list,
  map,
  optional,
  type Place,
  type Secret,
  secret,
  text,
  type ValuesOf,
} from "./field.ts";

/** The mechanisms that there are, as Kafka names them. */
export const SASL_MECHANISMS = ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER"] as const;

const oauthFields = {
  token: optional(secret("The token itself.")),
  token_file: optional(text("A file with the token, read again for every connection.")),
  token_url: optional(
    text("Where client_id and client_secret are exchanged for a token (RFC 6749 §4.4), an http(s) URL."),
  ),
  client_id: optional(text("The client's name at token_url.")),
  client_secret: optional(secret("The client's secret.")),
  client_secret_file: optional(text("A file with the client's secret, read again for every token.")),
  scopes: list("Scopes to ask for.", text("A scope."), []),
  endpoint_params: map("Further parameters of the request, such as audience.", text("A value."), new Map()),
  timeout: duration("How long the endpoint may take to answer.", "5s"),
  expiry_buffer: duration(
    "A token is renewed this long before its end, or after three quarters of its life if that is later.",
    "5m",
  ),
  tls: clientTls,
  extensions: map("SASL extensions that the brokers ask for, such as logicalCluster.", text("A value."), new Map()),
};

const fields = {
  mechanism: choice(
    "How to log in. PLAIN and OAUTHBEARER show the secret to whoever listens: use tls.",
    SASL_MECHANISMS,
  ),
  username: optional(text("The user, for PLAIN and SCRAM.")),
  password: optional(secret("The user's password.")),
  password_file: optional(text("A file with the password, read again for every connection.")),
  oauth: optional(group("Where the token of OAUTHBEARER comes from: token, token_file or token_url.", oauthFields)),
};

/** `sasl` of a client. */
export const saslFields = group("Who to be at the brokers.", fields);

/** What `sasl` parses to; `checkSasl` has found nothing wrong with it. */
export type SaslValues = ValuesOf<typeof fields>;

/** What `sasl::oauth` parses to. */
export type OauthValues = ValuesOf<typeof oauthFields>;

/** Reports what no single field can see: a mechanism without what it needs, and what is written twice. */
export function checkSasl(values: SaslValues, place: Place): void {
  const { mechanism, username, password, password_file: passwordFile, oauth } = values;
  if (mechanism === "OAUTHBEARER") {
    if (username !== null || password !== null || passwordFile !== null) {
      place.problem("has a user or a password, of which OAUTHBEARER knows nothing; remove them");
    }
    if (oauth === null) place.at("oauth").problem("is required: OAUTHBEARER needs token, token_file or token_url");
    else checkOauth(oauth, place.at("oauth"));
    return;
  }
  if (oauth !== null) place.at("oauth").problem(`is for mechanism OAUTHBEARER, not ${mechanism}`);
  if (username === null || username === "") place.at("username").problem(`is required: ${mechanism} needs a user`);
  checkSource(password, passwordFile, "password", place);
}

function checkOauth(oauth: OauthValues, place: Place): void {
  const {
    token,
    token_file: file,
    token_url: url,
    client_id: id,
    client_secret: own,
    client_secret_file: ownFile,
  } = oauth;
  const sources = [token, file, url].filter((source) => source !== null).length;
  if (sources !== 1) return void place.problem("must have exactly one of token, token_file and token_url");
  if (url === null) {
    if (id !== null || own !== null || ownFile !== null) place.problem("has a client, but no token_url to be one at");
    return;
  }
  const parsed = URL.parse(url);
  if (parsed === null || !/^https?:$/.test(parsed.protocol) || parsed.username !== "" || parsed.password !== "") {
    place.at("token_url").problem("must be a URL such as https://login.example/token, without user and password");
  } else if (parsed.protocol === "http:" && !isLoopback(parsed.hostname)) {
    place.at("token_url").warn("is not https: the client's secret and the token go over the network in the clear");
  }
  if (id === null || id === "") place.at("client_id").problem("is required: token_url asks who the client is");
  checkSource(own, ownFile, "client_secret", place);
}

function checkSource(value: Secret | null, file: string | null, key: string, place: Place): void {
  if (value !== null && file !== null) place.problem(`has ${key} and ${key}_file; keep one`);
  if (value?.reveal() === "") place.at(key).problem("is empty");
  if (value === null && file === null) place.at(key).problem(`is required, or ${key}_file`);
}

/** Whether a host is this machine, so that nobody else can listen. `[::1]` with and without its brackets. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || /^127\.\d+\.\d+\.\d+$/.test(host) || /^\[?::1\]?$/.test(host);
}
