import { Socket } from "node:net";
import type { ConnectionOptions } from "node:tls";
import { readFields } from "@rondo/core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { exportLogs, postLogs } from "../clients.cases.ts";
import { place, request, rig } from "../rig.cases.ts";
import { type Certificates, certificates, hasOpenssl, type Pair, presented } from "../tls/certificates.cases.ts";
import { clientCertAuthExtension, openClientCertAuth, parseAltNames } from "./client-cert-auth.ts";

function read(raw: object) {
  const said: string[] = [];
  const at = place("", said);
  const values = readFields(clientCertAuthExtension.fields, raw, at);
  if (values !== undefined) clientCertAuthExtension.check?.(values, at);
  return { values, said };
}

const TENANTS = { "URI:spiffe://x/a": "site-a", "DNS:b.example": "site-b", "DNS:a.example": "site-a" };

test("every key is a name as certificates write it, of a tenant", () => {
  expect(read({ tenants: TENANTS }).said).toEqual([]);
  expect(read({}).said).toEqual([expect.stringMatching(/^tenants: is required/)]);
  expect(read({ tenants: {} }).said).toEqual(["tenants: is empty: nobody could be let in"]);
  expect(read({ tenants: { "CN=a": "a" } }).said).toEqual([
    "tenants::CN=a: must begin with URI:, DNS: or email:, as certificates write it",
  ]);
});

test("a connection without TLS has nobody at its end", () => {
  const values = read({ tenants: TENANTS }).values;
  if (values === undefined) throw new Error("the configuration is wrong");
  expect(openClientCertAuth(values).authenticate({}, new Socket())).toMatchObject({ code: "unauthenticated" });
});

test("a name with a comma in it stays one name", () => {
  expect(parseAltNames("")).toEqual([]);
  expect(parseAltNames("DNS:a.example, URI:spiffe://x/a, IP Address:127.0.0.1")).toEqual([
    "DNS:a.example",
    "URI:spiffe://x/a",
    "IP Address:127.0.0.1",
  ]);
  expect(parseAltNames('URI:"spiffe://x/c, DNS:b.example", DNS:c')).toEqual([
    "URI:spiffe://x/c, DNS:b.example",
    "DNS:c",
  ]);
});

describe.skipIf(!hasOpenssl)("with certificates", () => {
  let made: Certificates;
  let ca: Pair;
  beforeAll(() => {
    made = certificates();
    ca = made.authority("ca");
  });
  afterAll(() => made[Symbol.dispose]());

  test("the names in a certificate say whose data it is, on both transports; headers do not", async () => {
    const server = made.issue("server", ca);
    const tls = { cert_file: server.cert, key_file: server.key, client_ca_file: ca.cert };
    const auth = { authenticator: "clientcertauth" };
    const extensions = [
      { id: "clientcertauth", type: clientCertAuthExtension, values: read({ tenants: TENANTS }).values },
    ];
    await using it = await rig({ extensions, grpc: { tls, auth }, http: { tls, auth } });
    const told = async (name: string, san: string) => {
      const client: ConnectionOptions = { ca: presented(ca).cert, servername: "localhost" };
      const saying = {
        tls: { ...client, ...presented(made.issue(name, ca, { san })) },
        headers: { "x-scope-orgid": "site-b" },
      };
      const body = request("logs", ["a"]);
      return [(await postLogs(it.http, body, saying)).status, (await exportLogs(it.grpc, body, saying)).status];
    };
    expect(await told("a", "URI:spiffe://x/a")).toEqual([200, 0]);
    expect(await told("b", "DNS:b.example,DNS:unknown")).toEqual([200, 0]);
    expect(await told("two-names", "DNS:a.example,URI:spiffe://x/a")).toEqual([200, 0]);
    // A common name is what it calls itself.
    expect(await told("b.example", "DNS:nobody")).toEqual([403, 7]);
    expect(await told("both", "DNS:a.example,DNS:b.example")).toEqual([403, 7]);
    const tenants = it.broker.records("otlp_logs").map(({ headers }) => headers["tenant"]);
    expect(tenants).toEqual(["site-a", "site-a", "site-b", "site-b", "site-a", "site-a"]);
  });
});
