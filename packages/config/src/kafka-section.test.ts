import { describe, expect, test } from "vitest";
import { readBroker } from "./broker-section.ts";
import { Findings, TreePlace } from "./findings.ts";
import { readYaml } from "./read-yaml.ts";

/** Reads `broker: {kafka: {…}}`. */
function read(kafka: string) {
  const findings = new Findings();
  const root = new TreePlace(
    readYaml("f", `broker: {kafka: {${kafka}}}`, (message) => findings.problem("", message)),
    findings,
  );
  const settings = readBroker(root.at("broker"), ["otlp"]);
  const all = (list: Findings["problems"]) => list.map(({ path, message }) => `${path}: ${message}`);
  return { settings, problems: all(findings.problems), warnings: all(findings.warnings) };
}

const PLAIN = "sasl: {mechanism: PLAIN, username: u, password: canary}";

test("what is not said is not there: neither TLS nor SASL", () => {
  const { settings, problems } = read("brokers: [k:9092]");
  expect(problems).toEqual([]);
  expect(settings).not.toHaveProperty("sasl");
  expect(settings).not.toHaveProperty("tls");
});

test("TLS is there when it is named, unless it is insecure, as in the Collector", () => {
  expect(read("brokers: [k:9093], tls: {ca_file: ca.pem}").settings).toMatchObject({ tls: { ca_file: "ca.pem" } });
  expect(read("brokers: [k:9093], tls: {}").settings).toHaveProperty("tls");
  expect(read("brokers: [k:9093], tls: {insecure: true}").settings).not.toHaveProperty("tls");
});

describe("a secret that would go over a network in the clear is warned about", () => {
  const warning = (secret: string) =>
    `broker::kafka::sasl: sends its ${secret} to k:9092 in the clear: whoever listens can read and write everything; add broker::kafka::tls`;
  const bearer = "sasl: {mechanism: OAUTHBEARER, oauth: {token: t}}";
  test.each([
    [`brokers: ["127.0.0.1:9092", k:9092], ${PLAIN}`, [warning("password")]],
    [`brokers: [k:9092], ${PLAIN}, tls: {insecure: true}`, [warning("password")]],
    [`brokers: [k:9092], ${bearer}`, [warning("token")]],
    [`brokers: ["localhost:9092", "[::1]:9092"], ${PLAIN}`, []],
    [`brokers: [k:9092], ${PLAIN}, tls: {}`, []],
    ["brokers: [k:9092], sasl: {mechanism: SCRAM-SHA-512, username: u, password: p}", []],
  ])("%s", (kafka, warnings) => {
    const found = read(kafka);
    expect(found.problems).toEqual([]);
    expect(found.warnings).toEqual(warnings);
  });
});

test("what a mechanism lacks is a problem at its place, and no problem has the secret", () => {
  const { problems } = read("brokers: [k:9092], sasl: {mechanism: PLAIN, password: canary, password_file: f}");
  expect(problems).toEqual([
    "broker::kafka::sasl::username: is required: PLAIN needs a user",
    "broker::kafka::sasl: has password and password_file; keep one",
  ]);
});

test("how topics are made", () => {
  const topics = "topics: {replication_factor: 3, min_insync_replicas: 1, retention: 24h, retention_bytes: 2GiB}";
  expect(read(`brokers: [k:9092], ${topics}`).settings).toMatchObject({
    ...{ replicationFactor: 3, minInsyncReplicas: 1, retentionMs: 86_400_000, retentionBytes: 2 ** 31 },
  });
  expect(read("brokers: [k:9092], topics: {replication_factor: 1, min_insync_replicas: 2}").problems).toEqual([
    "broker::kafka::topics::min_insync_replicas: must be at most replication_factor 1: nothing could be written",
  ]);
  expect(read("brokers: [k:9092], topics: {replication_factor: 2, min_insync_replicas: 2}").warnings).toEqual([
    "broker::kafka::topics::min_insync_replicas: is replication_factor: a broker that restarts stops every write",
  ]);
});
