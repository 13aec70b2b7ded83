import { Fault, saslFields } from "@rondo/core";
import { FakeClock } from "@rondo/testkit";
import { describe, expect, test } from "vitest";
import { Entrance } from "./entrance.ts";
import type { Security } from "./login.ts";

const place = { path: "", problem: (message: string) => expect.fail(message), warn: () => {}, at: () => place };
const sasl = saslFields.read({ mechanism: "SCRAM-SHA-512", username: "rondo", password: "canary" }, place);
const tls = { insecure: false } as unknown as NonNullable<Security["tls"]>;
const withBoth: Security = { ...(sasl && { sasl }), tls };

/** An error as kafkajs makes them. */
const thrown = (name: string, message: string, code?: string | number) =>
  Object.assign(new Error(message), { name, ...(code !== undefined && { code }) });
const said = (security: Security, error: unknown, letIn = false) => {
  const entrance = new Entrance(security, new FakeClock());
  if (letIn) entrance.letIn();
  const fault = entrance.fault("k:9093", error);
  return fault instanceof Fault ? `${fault.code}: ${fault.message}` : fault;
};

const refused = thrown(
  "KafkaJSSASLAuthenticationError",
  "SASL SCRAM SHA512 authentication failed: invalid credentials",
);

describe("before a broker let us in, the start fails and says what to change", () => {
  test.each([
    [
      refused,
      /^startup: broker k:9093 does not let us in as rondo by SASL SCRAM-SHA-512 .*check username and password/,
    ],
    [
      thrown("KafkaJSProtocolError", "unsupported", 33),
      /^startup: .*does not offer SASL SCRAM-SHA-512; set .*mechanism/,
    ],
    [
      thrown("KafkaJSProtocolError", "illegal", 34),
      /^startup: .*has no SASL on this port; .*remove broker::kafka::sasl/,
    ],
    [thrown("KafkaJSConnectionError", "c", "UNABLE_TO_VERIFY_LEAF_SIGNATURE"), /^startup: .*not trusted.*tls::ca_file/],
    [thrown("KafkaJSConnectionError", "c", "CERT_HAS_EXPIRED"), /^startup: .*CERT_HAS_EXPIRED/],
    [thrown("KafkaJSConnectionError", "c", "ERR_TLS_CERT_ALTNAME_INVALID"), /^startup: .*server_name_override/],
    [
      thrown("KafkaJSConnectionError", "c", "ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED"),
      /^startup: .*cert_file and key_file/,
    ],
    [
      thrown("KafkaJSConnectionError", "c", "ERR_SSL_WRONG_VERSION_NUMBER"),
      /^startup: .*does not speak TLS on this port/,
    ],
    [
      new Fault("config", "sasl::password_file: /p cannot be read"),
      /^config: connecting to broker k:9093: sasl::password_file/,
    ],
  ])("%s", (error, words) => expect(said(withBoth, error)).toMatch(words));
});

test("once it did, the same is tried again", () => {
  expect(said(withBoth, refused, true)).toMatch(/^unavailable: broker k:9093 does not let us in as rondo/);
  expect(said(withBoth, new Fault("config", "gone"), true)).toMatch(/^unavailable: /);
});

test("what is cut short says nothing of credentials", () => {
  const cut = thrown("KafkaJSSASLAuthenticationError", "SASL PLAIN authentication failed: Closed connection");
  expect(said(withBoth, cut)).toBe(cut);
  expect(said(withBoth, new Fault("unavailable", "the token endpoint x answers 503"))).toMatch(/^unavailable: /);
});

test("a broker that hangs up is asked, in words, what its listener wants", () => {
  const closed = thrown("KafkaJSConnectionClosedError", "Closed connection");
  expect(said({}, closed)).toMatch(/^unavailable: .*Closed connection; does its listener want TLS or SASL\?$/);
  expect(said({ tls }, closed)).toMatch(/want SASL\?$/);
  expect(said(withBoth, closed)).toMatch(/Closed connection$/);
  const early = thrown("KafkaJSConnectionError", "disconnected before secure TLS connection was established");
  expect(said(withBoth, early)).toMatch(/; does its listener speak TLS\?$/);
  const entrance = new Entrance({}, new FakeClock());
  const fault = entrance.unanswered(new Fault("unavailable", "no Kafka broker answers: Closed connection"));
  expect(fault).toMatchObject({ message: expect.stringMatching(/want TLS or SASL\?$/) });
  expect(entrance.unanswered(fault)).toBe(fault);
  expect(entrance.unanswered(refused)).toBe(refused);
});

test("nothing that is said has a secret in it, and what it does not understand it leaves", () => {
  expect(said(withBoth, refused)).not.toContain("canary");
  const odd = new TypeError("odd");
  expect(said(withBoth, odd)).toBe(odd);
});

test("a broker that refused is left alone for two seconds; one that was silent is not", async () => {
  const clock = new FakeClock();
  const entrance = new Entrance(withBoth, clock);
  entrance.fault("k:9093", refused);
  entrance.fault("l:9093", thrown("KafkaJSConnectionError", "connect ECONNREFUSED"));
  expect(() => entrance.check("k:9093")).toThrow("does not let us in as rondo");
  expect(() => entrance.check("l:9093")).not.toThrow();
  await clock.advance(2_000);
  expect(() => entrance.check("k:9093")).not.toThrow();
});
