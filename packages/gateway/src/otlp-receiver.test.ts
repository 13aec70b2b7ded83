import { readFields } from "@rondo/core";
import { expect, test } from "vitest";
import { otlpReceiver } from "./otlp-receiver.ts";
import { place, receiverValues } from "./rig.cases.ts";

/** What is said of a configuration; an empty list when it is fine. */
function said(raw: unknown): string[] {
  const list: string[] = [];
  const at = place("", list);
  const values = readFields(otlpReceiver.fields, raw, at);
  if (values !== undefined) otlpReceiver.check?.(values, at);
  return list;
}

test("a protocol without a value is on with the Collector's defaults, an absent one is off", () => {
  const { protocols } = receiverValues({ protocols: { grpc: null } });
  expect(protocols.grpc).toMatchObject({ endpoint: { host: "localhost", port: 4317 }, max_recv_msg_size_mib: 0 });
  expect(protocols.http).toBeNull();
  expect(receiverValues({ protocols: { http: {} } }).protocols.http).toMatchObject({
    endpoint: { host: "localhost", port: 4318 },
    traces_url_path: "/v1/traces",
    keep_alives_enabled: true,
  });
});

test("no protocol at all is a problem that shows the way out", () => {
  expect(said({ protocols: {} })).toEqual(["protocols: must name grpc, http or both, as in `protocols: {grpc: null}`"]);
});

test("what protects and is not built is refused by name", () => {
  const list = said({ protocols: { grpc: { middlewares: [] }, http: { tls: { tpm: {} } } } });
  expect(list.map((line) => line.split(": ", 1)[0])).toEqual([
    "protocols::grpc::middlewares",
    "protocols::http::tls::tpm",
  ]);
});

test("says which extension each protocol asks who sends", () => {
  const auth = { authenticator: "bearertokenauth/a" };
  const values = receiverValues({ protocols: { grpc: { auth }, http: {} } });
  expect(otlpReceiver.uses?.(values)).toEqual([
    { keys: ["protocols", "grpc", "auth", "authenticator"], id: "bearertokenauth/a", as: "authenticator" },
  ]);
});

test("says which endpoints it binds: one that both protocols share once", () => {
  const listens = (protocols: object) => otlpReceiver.listens?.(receiverValues({ protocols }));
  expect(listens({ grpc: {}, http: null })).toEqual([
    { keys: ["protocols", "grpc", "endpoint"], endpoint: { host: "localhost", port: 4317 } },
    { keys: ["protocols", "http", "endpoint"], endpoint: { host: "localhost", port: 4318 } },
  ]);
  const endpoint = "0.0.0.0:4317";
  expect(listens({ grpc: { endpoint }, http: { endpoint } })).toEqual([
    { keys: ["protocols", "http", "endpoint"], endpoint: { host: "0.0.0.0", port: 4317 } },
  ]);
});

test("protocols that share an endpoint must have the same TLS", () => {
  const endpoint = "0.0.0.0:4317";
  const tls = { cert_file: "c.pem", key_file: "k.pem" };
  expect(said({ protocols: { grpc: { endpoint, tls }, http: { endpoint } } })).toEqual([
    expect.stringMatching(/^protocols::http::tls: must equal protocols::grpc::tls: /),
  ]);
  expect(said({ protocols: { grpc: { endpoint, tls }, http: { endpoint, tls } } })).toEqual([]);
});

test("warns of credentials without TLS, unless they stay on this machine", () => {
  const guarded = (endpoint: string) => ({ endpoint, auth: { authenticator: "x" } });
  const list = said({ protocols: { grpc: guarded("0.0.0.0:4317"), http: guarded("localhost:4318") } });
  expect(list).toEqual([
    expect.stringMatching(/^warning: protocols::grpc::auth: takes tokens or passwords without TLS/),
  ]);
});

test("what does no harm is warned about by name, and not when it asks for nothing", () => {
  expect(said({ protocols: { grpc: { read_buffer_size: 4096 } } })).toEqual([
    expect.stringMatching(/^warning: protocols::grpc::read_buffer_size: /),
  ]);
  expect(said({ protocols: { http: { cors: null, include_metadata: false } } })).toEqual([]);
});

test("says which protocols keep client metadata", () => {
  const values = receiverValues({ protocols: { grpc: { include_metadata: true }, http: {} } });
  expect(otlpReceiver.keepsMetadata?.(values)).toEqual([["protocols", "grpc", "include_metadata"]]);
});

test.each([
  ["an unknown key", { grpc: { endpont: "a:1" } }, /protocols::grpc::endpont: unknown key; did you mean endpoint\?/],
  ["a URL as endpoint", { grpc: { endpoint: "http://a:1" } }, /endpoint: must be host:port/],
  ["a unix socket without a path", { grpc: { transport: "unix" } }, /endpoint: must be the path of a socket/],
  [
    "a path without unix",
    { grpc: { endpoint: "/run/x" } },
    /endpoint: is the path of a socket, which needs transport: unix/,
  ],
  ["a limit beyond the ceiling", { grpc: { max_recv_msg_size_mib: 4096 } }, /from 0 to 512/],
  ["a path with a query", { http: { logs_url_path: "/v1/logs?x" } }, /logs_url_path: must be a path/],
])("%s is a problem", (_, protocols, message) => {
  expect(said({ protocols }).join("\n")).toMatch(message);
});
