import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { rootCertificates } from "node:tls";
import { afterAll, expect, test } from "vitest";
import { clientTls, tlsMaterial } from "./client-tls.ts";
import { recordingPlace } from "./place.cases.ts";

const folder = mkdtempSync(join(tmpdir(), "rondo-tls-"));
const file = (name: string, text: string) => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};
afterAll(() => rmSync(folder, { recursive: true }));

function material(raw: object) {
  const place = recordingPlace();
  const read = clientTls.read(raw, place);
  if (read === undefined) throw new Error(place.problems.join("; "));
  return tlsMaterial(read);
}

test("the defaults check who answers and speak TLS 1.2 or newer", () => {
  expect(material({})).toEqual({ rejectUnauthorized: true, minVersion: "TLSv1.2" });
});

test("reads files or takes PEM, and adds Node's certificates when asked", () => {
  const ca = file("ca.pem", "A CERTIFICATE");
  expect(material({ ca_file: ca }).ca).toEqual([Buffer.from("A CERTIFICATE")]);
  expect(material({ ca_pem: "PEM", include_system_ca_certs_pool: true }).ca?.length).toBe(rootCertificates.length + 1);
  expect(material({ cert_pem: "C", key_pem: "K", server_name_override: "x", max_version: "1.3" })).toMatchObject({
    cert: "C",
    key: "K",
    servername: "x",
    maxVersion: "TLSv1.3",
  });
});

test.each([
  [{ cert_file: "x", cert_pem: "y" }, "not both"],
  [{ key_pem: "canary-key" }, "needs both"],
  [{ ca_file: join(folder, "absent.pem") }, "absent.pem cannot be read (ENOENT)"],
])("what cannot work fails at start with key and way out, and no secret", (raw, message) => {
  expect(() => material(raw)).toThrow(message);
  expect(() => material(raw)).not.toThrow("canary");
});
