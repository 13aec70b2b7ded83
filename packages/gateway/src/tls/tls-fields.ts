/** The Collector's `tls` keys of a listener: names, defaults and what they exclude. Collector: config/configtls, `ServerConfig`. */
import {
  choice,
  duration,
  type Field,
  flag,
  group,
  list,
  optional,
  type Place,
  secret,
  text,
  type ValuesOf,
} from "@rondo/core";
import { ignored, refused } from "../unbuilt.ts";

/** TLS 1.0 and 1.1 are deprecated (RFC 8996), and OpenSSL refuses them by default. */
const VERSIONS = ["1.2", "1.3"] as const;

/** Go's names of the suites of TLS 1.3. */
export const SUITES_13 = ["TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"] as const;

/** Go's names of its safe suites up to TLS 1.2 (crypto/tls, `CipherSuites`), each with OpenSSL's. */
export const SUITES_12 = {
  TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256: "ECDHE-ECDSA-AES128-GCM-SHA256",
  TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384: "ECDHE-ECDSA-AES256-GCM-SHA384",
  TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256: "ECDHE-ECDSA-CHACHA20-POLY1305",
  TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256: "ECDHE-RSA-AES128-GCM-SHA256",
  TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384: "ECDHE-RSA-AES256-GCM-SHA384",
  TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256: "ECDHE-RSA-CHACHA20-POLY1305",
  TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA: "ECDHE-ECDSA-AES128-SHA",
  TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA: "ECDHE-ECDSA-AES256-SHA",
  TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA: "ECDHE-RSA-AES128-SHA",
  TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA: "ECDHE-RSA-AES256-SHA",
} as const;

/** The Collector's names of curves, each with OpenSSL's. */
export const CURVES = {
  X25519: "X25519",
  P256: "P-256",
  P384: "P-384",
  P521: "P-521",
  X25519MLKEM768: "X25519MLKEM768",
} as const;

// The keys of the two tables above, and no others.
const SUITE_NAMES = [...Object.keys(SUITES_12), ...SUITES_13] as (
  | keyof typeof SUITES_12
  | (typeof SUITES_13)[number]
)[];
// As above.
const CURVE_NAMES = Object.keys(CURVES) as (keyof typeof CURVES)[];

const CLIENTS_ONLY = "a listener presents its own certificate; clients are checked against client_ca_file.";

const fields = {
  cert_file: optional(text("The listener's certificate and its chain, a PEM file.")),
  cert_pem: optional(text("The same, in PEM.")),
  key_file: optional(text("Its private key, a PEM file.")),
  key_pem: optional(secret("The same, in PEM.")),
  client_ca_file: optional(
    text(
      "Certificate authorities of clients, a PEM file. With it, only clients with a certificate of theirs are let in (mTLS).",
    ),
  ),
  client_ca_file_reload: flag("Reads client_ca_file again when it changes. Connections that are open stay.", false),
  min_version: choice("The oldest TLS version to speak.", VERSIONS, "1.2"),
  max_version: optional(choice("The newest TLS version to speak.", VERSIONS)),
  cipher_suites: list(
    "Suites to speak, by Go's names. Those of TLS 1.3 stay allowed unless some of them are named.",
    choice("Suite.", SUITE_NAMES),
    [],
  ),
  curve_preferences: list("Curves for the key exchange, the preferred one first.", choice("Curve.", CURVE_NAMES), []),
  reload_interval: duration("How often certificate and key are read again; 0 is never.", "0s"),
  ca_file: ignored("Roots of a client's trust.", CLIENTS_ONLY),
  ca_pem: ignored("The same, in PEM.", CLIENTS_ONLY),
  include_system_ca_certs_pool: ignored("Adds the system's roots to these.", CLIENTS_ONLY),
  tpm: refused("A private key in a TPM.", "use key_file"),
};

/** What `tls` of a listener parses to. */
export type TlsValues = ValuesOf<typeof fields>;

const inner = group("Certificate, key and what is asked of clients.", fields);

/** `tls` of a listener; absent, it speaks plain text. */
export const listenerTls: Field<TlsValues | null> = {
  docs: { ...inner.docs, required: false, fallback: "none" },
  read(raw, place) {
    if (raw === undefined || raw === null) return null;
    const values = inner.read(raw, place);
    return values !== undefined && isWhole(values, place) ? values : undefined;
  },
};

/** Whether what is written goes together; what does not is reported. */
function isWhole(values: TlsValues, place: Place): boolean {
  const wrong: [string, string][] = [];
  for (const what of ["cert", "key"] as const) {
    const file = values[`${what}_file`];
    const pem = values[`${what}_pem`];
    if (file !== null && pem !== null) wrong.push([`${what}_pem`, `stands beside ${what}_file; keep one of them`]);
    if (file === null && pem === null) wrong.push([`${what}_file`, "is required: TLS needs a certificate and its key"]);
  }
  if (values.client_ca_file_reload && values.client_ca_file === null) {
    wrong.push(["client_ca_file_reload", "has nothing to read again; set client_ca_file, or remove it"]);
  }
  if (values.max_version !== null && values.max_version < values.min_version) {
    wrong.push(["max_version", `is below min_version ${values.min_version}, so that no version is left`]);
  }
  for (const [key, message] of wrong) place.at(key).problem(message);
  return wrong.length === 0;
}
