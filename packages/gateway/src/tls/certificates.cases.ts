/** Certificates for tests, made by the openssl of the machine: good ones, an expired one, and those of a foreign authority. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Whether there is an openssl to make them; tests that need one are skipped without, visibly. */
export const hasOpenssl = (() => {
  try {
    execFileSync("openssl", ["version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
})();

/** A certificate and its key, as files. */
export interface Pair {
  readonly cert: string;
  readonly key: string;
}

/** A folder of certificates. */
export interface Certificates extends Disposable {
  readonly folder: string;
  /** An authority of this name; its certificate is what others are checked against. */
  authority(name: string): Pair;
  /** A certificate of an authority for localhost; `days` below 0 has expired. */
  issue(name: string, by: Pair, options?: { readonly days?: number; readonly san?: string }): Pair;
}

const KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];

/** Opens a folder; `using` removes it. */
export function certificates(): Certificates {
  const folder = mkdtempSync(join(tmpdir(), "rondo-certificates-"));
  const at = (name: string) => join(folder, name);
  const openssl = (...given: string[]) => execFileSync("openssl", given, { stdio: "pipe" });
  return {
    folder,
    authority(name) {
      const pair = { cert: at(`${name}.pem`), key: at(`${name}.key`) };
      openssl("req", "-x509", ...KEY, "-keyout", pair.key, "-out", pair.cert, "-days", "2", "-subj", `/CN=${name}`);
      return pair;
    },
    issue(name, by, { days = 1, san = "DNS:localhost,IP:127.0.0.1" } = {}) {
      const pair = { cert: at(`${name}.pem`), key: at(`${name}.key`) };
      const request = at(`${name}.csr`);
      writeFileSync(at("san"), `subjectAltName=${san}\n`);
      openssl("req", ...KEY, "-keyout", pair.key, "-out", request, "-subj", `/CN=${name}`);
      const signed = ["-CA", by.cert, "-CAkey", by.key, "-days", String(days), "-extfile", at("san")];
      openssl("x509", "-req", "-in", request, ...signed, "-out", pair.cert);
      return pair;
    },
    [Symbol.dispose]: () => rmSync(folder, { recursive: true }),
  };
}

/** What a client of Node takes to present a pair. */
export function presented({ cert, key }: Pair): { readonly cert: Buffer; readonly key: Buffer } {
  return { cert: readFileSync(cert), key: readFileSync(key) };
}
