import { expect, test } from "vitest";
import { place } from "../rig.cases.ts";
import { listenerTls } from "./tls-fields.ts";

function read(raw: unknown) {
  const said: string[] = [];
  return { values: listenerTls.read(raw, place("tls", said)), said };
}

const PAIR = { cert_file: "c.pem", key_file: "k.pem" };

test("absent is plain text, and a pair of files is enough", () => {
  expect(read(undefined)).toEqual({ values: null, said: [] });
  expect(read(PAIR)).toMatchObject({ values: { min_version: "1.2", reload_interval: 0 }, said: [] });
});

test.each([
  ["nothing to show", {}, ["tls::cert_file: is required", "tls::key_file: is required"]],
  ["a certificate twice", { ...PAIR, cert_pem: "x" }, ["tls::cert_pem: stands beside cert_file"]],
  ["a reload of nothing", { ...PAIR, client_ca_file_reload: true }, ["tls::client_ca_file_reload: has nothing"]],
  [
    "no version left",
    { ...PAIR, min_version: "1.3", max_version: "1.2" },
    ["tls::max_version: is below min_version 1.3"],
  ],
  ["an old version", { ...PAIR, min_version: "1.0" }, ["tls::min_version: must be one of 1.2, 1.3"]],
  [
    "an unsafe suite",
    { ...PAIR, cipher_suites: ["TLS_RSA_WITH_RC4_128_SHA"] },
    ["tls::cipher_suites::0: must be one of"],
  ],
])("%s is a problem", (_, raw, expected) => {
  const { said } = read(raw);
  expect(said.map((line, i) => line.slice(0, expected[i]?.length))).toEqual(expected);
});

test("keys of clients have no effect on a listener, and say so", () => {
  expect(read({ ...PAIR, ca_file: "ca.pem" }).said).toEqual([
    expect.stringMatching(/^warning: tls::ca_file: .* clients are checked against client_ca_file/),
  ]);
});
