/**
 * A Kafka node that asks who its clients are: `mutual` (TLS with client certificates), `secure` (SASL over TLS) and `open` (SASL
 * in plain text), each a port of its own, beside the plain one that the rig uses.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Certificates, certificates, type Pair } from "../../packages/gateway/src/tls/certificates.cases.ts";
import { freePorts } from "./free-port.ts";
import { type Kafka, type KafkaOptions, startKafka } from "./servers/index.ts";

/** The user of PLAIN and SCRAM that the node knows. */
export const USER = { username: "rondo", password: "canary-password" } as const;

/** A node and what its clients need. */
export interface SecureKafka extends AsyncDisposable {
  readonly kafka: Kafka;
  /** `127.0.0.1:<port>` of each listener. */
  readonly mutual: string;
  readonly secure: string;
  readonly open: string;
  readonly made: Certificates;
  /** The authority of the node's certificate and of its clients'. */
  readonly ca: Pair;
  readonly client: Pair;
  /** Gives the user another password for a mechanism of SCRAM. */
  setPassword(mechanism: string, password: string): Promise<void>;
}

const LOGIN = "org.apache.kafka.common.security";
const JAAS = {
  plain: `${LOGIN}.plain.PlainLoginModule required user_${USER.username}="${USER.password}";`,
  "scram-sha-256": `${LOGIN}.scram.ScramLoginModule required;`,
  "scram-sha-512": `${LOGIN}.scram.ScramLoginModule required;`,
  // Kafka's own check of tokens that nobody signed: it looks at their times.
  oauthbearer: `${LOGIN}.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="broker";`,
};

/** Starts it. `config` may add properties of the node, such as how long a session with SASL lasts. */
export async function startSecureKafka(config: KafkaOptions["config"] = {}): Promise<SecureKafka> {
  const made = certificates();
  const ca = made.authority("ca");
  const [server, client] = [made.issue("server", ca), made.issue("client", ca)];
  const keystore = join(made.folder, "keystore.pem");
  writeFileSync(keystore, readFileSync(server.key, "utf8") + readFileSync(server.cert, "utf8"));
  const [mutual = 0, secure = 0, open = 0] = await freePorts(3);
  const sasl = ["secure", "open"].flatMap((listener) => [
    [`listener.name.${listener}.sasl.enabled.mechanisms`, Object.keys(JAAS).join().toUpperCase()],
    ...Object.entries(JAAS).map(([name, jaas]) => [`listener.name.${listener}.${name}.sasl.jaas.config`, jaas]),
  ]);
  const users = ["SCRAM-SHA-256", "SCRAM-SHA-512"];
  try {
    const kafka = await startKafka({
      listeners: [
        { name: "MUTUAL", protocol: "SSL", port: mutual },
        { name: "SECURE", protocol: "SASL_SSL", port: secure },
        { name: "OPEN", protocol: "SASL_PLAINTEXT", port: open },
      ],
      scram: users.map((mechanism) => `${mechanism}=[name=${USER.username},password=${USER.password}]`),
      config: {
        "ssl.keystore.type": "PEM",
        "ssl.keystore.location": keystore,
        "ssl.truststore.type": "PEM",
        "ssl.truststore.location": ca.cert,
        "listener.name.mutual.ssl.client.auth": "required",
        ...Object.fromEntries(sasl),
        ...config,
      },
    });
    const [atMutual, atSecure, atOpen] = [mutual, secure, open].map((port) => `127.0.0.1:${port}`);
    const at = { mutual: atMutual ?? "", secure: atSecure ?? "", open: atOpen ?? "" };
    const close = async () => {
      await kafka.close();
      made[Symbol.dispose]();
    };
    const setPassword = async (mechanism: string, password: string) => {
      const who = ["--entity-type", "users", "--entity-name", USER.username];
      const what = ["--alter", "--add-config", `${mechanism}=[password=${password}]`, ...who];
      await kafka.run("kafka.admin.ConfigCommand", ["--bootstrap-server", kafka.direct[0] ?? "", ...what]);
    };
    return { kafka, ...at, made, ca, client, setPassword, [Symbol.asyncDispose]: close };
  } catch (thrown) {
    made[Symbol.dispose]();
    throw thrown;
  }
}

/** A token that nobody signed, good for so many seconds from now, of Kafka's own validator. */
export function unsignedToken(seconds: number): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const now = Date.now() / 1_000;
  return `${part({ alg: "none" })}.${part({ sub: "rondo", iat: now - 1, exp: now + seconds })}.`;
}
