/** The Collector's client TLS keys, and what Node needs of them. */
import { readFileSync } from "node:fs";
import { rootCertificates, type SecureVersion } from "node:tls";
import { Fault } from "./fault.ts";
import { choice, flag, group, optional, secret, text, type ValuesOf } from "./field.ts";
import { idleKey, refusedKey } from "./unbuilt.ts";

/** TLS 1.0 and 1.1 are deprecated (RFC 8996), and OpenSSL refuses them by default. */
const VERSIONS = ["1.2", "1.3"] as const;

/** The keys of `tls`, for a client that honours one of them in its own way. */
export const clientTlsFields = {
  insecure: flag("Talk without TLS. An endpoint that begins with https:// uses TLS all the same.", false),
  insecure_skip_verify: flag("Use TLS without checking who answers. For tests only.", false),
  ca_file: optional(text("The certificates to trust, a PEM file. Absent: those that Node brings.")),
  ca_pem: optional(text("The certificates to trust, in PEM.")),
  cert_file: optional(text("Our certificate for mutual TLS, a PEM file.")),
  cert_pem: optional(text("Our certificate, in PEM.")),
  key_file: optional(text("Our private key, a PEM file.")),
  key_pem: optional(secret("Our private key, in PEM.")),
  include_system_ca_certs_pool: flag("Trust the certificates that Node brings beside ca_file.", false),
  server_name_override: text("The name to expect in the backend's certificate, instead of the endpoint's.", ""),
  min_version: choice("The oldest TLS version to speak.", VERSIONS, "1.2"),
  max_version: optional(choice("The newest TLS version to speak.", VERSIONS)),
  reload_interval: idleKey("How often the files are read again.", "files are read at start; restart to renew them"),
  cipher_suites: refusedKey("Allowed TLS 1.2 ciphers.", "remove the key, or set min_version: 1.3"),
  curve_preferences: refusedKey("Allowed elliptic curves.", "remove the key"),
  tpm: refusedKey("A private key in a TPM.", "use key_file"),
};

/** `tls` of a client. */
export const clientTls = group("How the connection is protected.", clientTlsFields);

/** What `tls` parses to. */
export type ClientTlsValues = ValuesOf<{ tls: typeof clientTls }>["tls"];

/** What Node's TLS takes. */
export interface TlsMaterial {
  readonly ca?: (string | Buffer)[];
  readonly cert?: string | Buffer;
  readonly key?: string | Buffer;
  readonly servername?: string;
  readonly rejectUnauthorized: boolean;
  readonly minVersion: SecureVersion;
  readonly maxVersion?: SecureVersion;
}

/** Reads the files. Throws a Fault `config` that names key and file, never their content. */
export function tlsMaterial(values: ClientTlsValues): TlsMaterial {
  const ca = material("ca", values.ca_file, values.ca_pem);
  const cert = material("cert", values.cert_file, values.cert_pem);
  const key = material("key", values.key_file, values.key_pem?.reveal() ?? null);
  if ((cert === undefined) !== (key === undefined)) {
    throw new Fault("config", "tls: a client certificate needs both cert_file and key_file (or cert_pem and key_pem)");
  }
  // Node's `ca` stands in the place of its own roots; whoever wants both asks for both.
  const roots = values.include_system_ca_certs_pool ? rootCertificates : [];
  return {
    ...(ca !== undefined && { ca: [ca, ...roots] }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
    ...(values.server_name_override !== "" && { servername: values.server_name_override }),
    rejectUnauthorized: !values.insecure_skip_verify,
    minVersion: `TLSv${values.min_version}`,
    ...(values.max_version !== null && { maxVersion: `TLSv${values.max_version}` as const }),
  };
}

/** The content of a file, or the text itself; undefined when neither is set. */
function material(what: string, file: string | null, pem: string | null): string | Buffer | undefined {
  if (file !== null && pem !== null) throw new Fault("config", `tls: set ${what}_file or ${what}_pem, not both`);
  if (file === null) return pem ?? undefined;
  try {
    return readFileSync(file);
  } catch (thrown) {
    const code = thrown instanceof Error && "code" in thrown ? String(thrown.code) : "unreadable";
    throw new Fault("config", `tls: ${what}_file ${file} cannot be read (${code})`);
  }
}
