import { Secret } from "@rondo/core";
import { describe, expect, test } from "vitest";
import { parseEndpoint } from "./endpoint.ts";
import { place } from "./rig.cases.ts";
import { checkSharing, isShared, type Protocols } from "./shared-endpoint.ts";
import { listenerTls } from "./tls/tls-fields.ts";

const at = (written: string) => {
  const endpoint = parseEndpoint(written);
  if (endpoint === undefined) throw new Error(`${written} is no endpoint`);
  return endpoint;
};
const located = (written: string, tls: object | undefined = undefined) => ({
  endpoint: at(written),
  tls: listenerTls.read(tls, place()) ?? null,
});
const said = (protocols: Protocols) => {
  const list: string[] = [];
  checkSharing(protocols, place("protocols", list));
  return list;
};
const PAIR = { cert_file: "c.pem", key_file: "k.pem" };

test.each([
  ["localhost:4317", "127.0.0.1:4317", true],
  [":4317", ":4317", true],
  ["/run/rondo/otlp.sock", "/run/rondo/otlp.sock", true],
  ["localhost:4317", "localhost:4318", false],
  ["localhost:0", "localhost:0", false],
  ["/run/a.sock", "/run/b.sock", false],
  ["10.0.0.1:4317", "10.0.0.2:4317", false],
])("%s and %s are one endpoint: %s", (grpc, http, expected) => {
  const protocols = { grpc: located(grpc), http: located(http) };
  expect(isShared(protocols)).toBe(expected);
  expect(said(protocols)).toEqual([]);
  expect(isShared({ ...protocols, grpc: null })).toBe(false);
});

test.each([
  [":4317", "localhost:4317"],
  ["localhost:4317", "0.0.0.0:4317"],
  ["[::]:4317", "0.0.0.0:4317"],
])("%s and %s leave no port for each other, and are not written alike", (grpc, http) => {
  expect(said({ grpc: located(grpc), http: located(http) })).toEqual([
    `protocols::http::endpoint: takes the port of protocols::grpc::endpoint, ${grpc}; write both alike to share it, or choose another port`,
  ]);
});

test("an address of IPv6 and every address of IPv4 do not meet, and of names the system is asked", () => {
  expect(said({ grpc: located("[::1]:4317"), http: located("0.0.0.0:4317") })).toEqual([]);
  expect(said({ grpc: located("site-a:4317"), http: located("0.0.0.0:4317") })).toEqual([]);
});

describe("protocols that share an endpoint", () => {
  test.each([
    ["one without", undefined, PAIR],
    ["another certificate", { ...PAIR, cert_file: "other.pem" }, PAIR],
    ["another key, which nobody may print", { cert_pem: "c", key_pem: "canary" }, { cert_pem: "c", key_pem: "other" }],
  ])("must have one TLS: not %s", (_, grpc, http) => {
    const list = said({ grpc: located(":4317", grpc), http: located(":4317", http) });
    expect(list).toEqual([
      expect.stringMatching(/^protocols::http::tls: must equal protocols::grpc::tls: both protocols share :4317, /),
    ]);
    expect(list.join()).not.toMatch("canary");
  });

  test("may write the same TLS twice, secrets among it", () => {
    const tls = { cert_pem: "c", key_pem: "k" };
    const [grpc, http] = [located(":4317", tls), located(":4317", tls)];
    expect(grpc.tls?.key_pem).toBeInstanceOf(Secret);
    expect(said({ grpc, http })).toEqual([]);
  });
});
