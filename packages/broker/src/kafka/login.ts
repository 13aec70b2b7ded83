/**
 * Who to be at a broker, and how to be sure who it is: passwords, tokens and certificates, read again for every connection, so
 * that what was renewed in a file is used by the next one.
 */
import { readFile } from "node:fs/promises";
import { type ClientTlsValues, type Clock, Fault, type SaslValues, type Secret, tlsMaterial } from "@rondo/core";
import type { KafkaConfig } from "kafkajs";
import { bearerLogin } from "./bearer-login.ts";
import { clientCredentials } from "./client-credentials.ts";

/** What a configuration says of it. */
export interface Security {
  readonly sasl?: SaslValues;
  readonly tls?: ClientTlsValues;
}

/** What kafkajs takes. Nothing of it is ever logged. */
export type Credentials = Pick<KafkaConfig, "ssl" | "sasl">;

/** The credentials of the next connection. Rejects with a Fault `config` for a file, and as `clientCredentials` does. */
export type Login = () => Promise<Credentials>;

/** Passwords and tokens are small; what is larger is another file by mistake. */
const SECRET_BYTES = 64 << 10;

/** The login of one process: tokens that were asked for are shared by its connections. */
export function loginOf({ sasl, tls }: Security, clock: Clock): Login {
  const enter = sasl === undefined ? undefined : saslOf(sasl, clock);
  return async () => ({
    ...(enter !== undefined && { sasl: await enter() }),
    ...(tls !== undefined && { ssl: tlsMaterial(tls) }),
  });
}

type Sasl = NonNullable<Credentials["sasl"]>;

function saslOf(values: SaslValues, clock: Clock): () => Promise<Sasl> {
  const { mechanism, username, password, password_file: file, oauth } = values;
  if (mechanism === "OAUTHBEARER") {
    if (oauth === null) throw new Fault("config", "sasl::oauth: is required for OAUTHBEARER");
    const token = tokenOf(oauth, clock);
    return async () => bearerLogin(await token(), oauth.extensions);
  }
  const word = secretOf(password, file, "sasl::password");
  const named = { PLAIN: "plain", "SCRAM-SHA-256": "scram-sha-256", "SCRAM-SHA-512": "scram-sha-512" } as const;
  return async () => {
    // kafkajs tells its mechanisms apart by type, of which the three with a password have one shape.
    return { mechanism: named[mechanism], username: username ?? "", password: await word() } as Sasl;
  };
}

function tokenOf(oauth: NonNullable<SaslValues["oauth"]>, clock: Clock): () => Promise<string> {
  const { token, token_file: file, token_url: url, client_secret: own, client_secret_file: ownFile } = oauth;
  if (url === null) return secretOf(token, file, "sasl::oauth::token");
  return clientCredentials({
    url,
    clientId: oauth.client_id ?? "",
    clientSecret: secretOf(own, ownFile, "sasl::oauth::client_secret"),
    scopes: oauth.scopes,
    parameters: oauth.endpoint_params,
    timeoutMs: oauth.timeout,
    bufferMs: oauth.expiry_buffer,
    tls: () => tlsMaterial(oauth.tls),
    clock,
  });
}

/** A secret out of the configuration, or out of its file each time it is asked for. */
function secretOf(value: Secret | null, file: string | null, key: string): () => Promise<string> {
  if (file === null) return async () => value?.reveal() ?? "";
  return async () => {
    const content = await readFile(file).catch((thrown: unknown) => {
      const code = thrown instanceof Error && "code" in thrown ? String(thrown.code) : "unreadable";
      throw new Fault("config", `${key}_file: ${file} cannot be read (${code})`);
    });
    if (content.length > SECRET_BYTES) {
      throw new Fault("config", `${key}_file: ${file} has ${content.length} B, more than ${SECRET_BYTES} B`);
    }
    // Whoever writes such a file with an editor or with echo ends it with a line break.
    const text = content.toString().replace(/\r?\n$/, "");
    if (text === "") throw new Fault("config", `${key}_file: ${file} is empty`);
    return text;
  };
}
