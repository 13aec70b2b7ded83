/** A cluster that asks who we are: what we log in with, what a wrong start says, and what is renewed while it runs. */
import { writeFileSync } from "node:fs";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { type Broker, enrichedHeaders, writeOrigin } from "@rondo/broker";
import { type KafkaOptions, openKafka } from "@rondo/broker/kafka";
import { clientTls, Fault, type Log, type Place, saslFields, silentLog, systemClock } from "@rondo/core";
import { consume } from "@rondo/sdk/consumer";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { presented } from "../../packages/gateway/src/tls/certificates.cases.ts";
import { suiteNeeds } from "../needs.ts";
import { type SecureKafka, startSecureKafka, USER, unsignedToken } from "../rig/secure-kafka.ts";

const bearer = (seconds: number) => ({ mechanism: "OAUTHBEARER", oauth: { token: unsignedToken(seconds) } });
const place: Place = { path: "", problem: (message) => expect.fail(message), warn: () => {}, at: () => place };
/** What was said to whoever reads logs, at any level. */
const said: string[] = [];
const note = (message: string, fields?: object) =>
  void said.push(`${message} ${JSON.stringify(fields)} ${String(Object.values(fields ?? {}).join())}`);
const log: Log = { ...silentLog, debug: note, info: note, warn: note, error: note };

function options(broker: string, sasl?: object, tls?: object): KafkaOptions {
  const [own, ours] = [sasl && saslFields.read(sasl, place), tls && clientTls.read(tls, place)];
  return {
    ...{ brokers: [broker], clientId: "rondo/security/test/0", clock: systemClock, log, random: Math.random },
    ...(own !== undefined && { sasl: own }),
    ...(ours !== undefined && { tls: ours }),
  };
}

/** Writes a record and reads it back. */
async function roundTrip(broker: Broker): Promise<string> {
  await broker.ensureTopics([{ name: "secured", partitions: 1 }]);
  const { baseOffset } = await broker.append("secured", 0, [{ headers: {}, value: Buffer.from("safe") }]);
  const [record] = await broker.read("secured", 0, baseOffset, 1 << 20);
  return String(record?.value);
}

async function once(...given: Parameters<typeof options>): Promise<string> {
  const broker = await openKafka(options(...given));
  try {
    return await roundTrip(broker);
  } finally {
    await broker.close();
  }
}

const refusal = async (...given: Parameters<typeof options>) =>
  await once(...given).then(
    () => expect.fail("was let in"),
    (thrown) => Fault.from(thrown),
  );

suiteNeeds("kafka")("a cluster that asks who we are", () => {
  let it: SecureKafka;
  let tls: { readonly ca_file: string };
  beforeAll(async () => {
    // Sessions end every six seconds, and failed logins are answered at once.
    it = await startSecureKafka({ "connections.max.reauth.ms": 6_000, "connection.failed.authentication.delay.ms": 0 });
    tls = { ca_file: it.ca.cert };
  }, 120_000);
  afterAll(async () => {
    await it?.[Symbol.asyncDispose]();
    expect(said.join("\n")).not.toContain(USER.password);
  });

  describe("lets us in", () => {
    test.each(["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"])("with %s, over TLS and without", async (mechanism) => {
      expect(await once(it.secure, { mechanism, ...USER }, tls)).toBe("safe");
      expect(await once(it.open, { mechanism, ...USER })).toBe("safe");
    });

    test("with a certificate of ours, a password in a file, and a token in a file", async () => {
      const { cert: cert_file, key: key_file } = it.client;
      expect(await once(it.mutual, undefined, { ...tls, cert_file, key_file })).toBe("safe");
      const [password_file, token_file] = ["password", "token"].map((name) => join(it.made.folder, name));
      writeFileSync(password_file ?? "", `${USER.password}\n`);
      writeFileSync(token_file ?? "", `${unsignedToken(60)}\n`);
      expect(await once(it.secure, { mechanism: "SCRAM-SHA-512", username: USER.username, password_file }, tls)).toBe(
        "safe",
      );
      expect(await once(it.secure, { mechanism: "OAUTHBEARER", oauth: { token_file } }, tls)).toBe("safe");
    });
  });

  test("lets the SDK's consumer in, and tells it when it does not", async () => {
    const broker = await openKafka(options(it.secure, { mechanism: "PLAIN", ...USER }, tls));
    await broker.ensureTopics([{ name: "enriched", partitions: 1 }]);
    const origin = writeOrigin({ partition: 0, offset: 0, part: 0, parts: 1 });
    const headers = enrichedHeaders({ tenant: "site", items: 1, origin, at: 1_000 });
    await broker.append("enriched", 0, [{ headers, value: Buffer.from("logs") }]);
    await broker.close();
    const { cert: ca } = presented(it.ca);
    const common = { topic: "enriched", signal: "logs", start: "earliest", brokers: [it.secure], tls: { ca } } as const;
    const faults: string[] = [];
    const read: string[] = [];
    const consumer = (group: string, password: string) =>
      consume({
        ...{ ...common, group, sasl: { mechanism: "scram-sha-512", username: USER.username, password } },
        onBatch: ({ body }) => void read.push(Buffer.from(body).toString()),
        onFault: ({ message }) => void faults.push(message),
      });
    const [stranger, friend] = [consumer("stranger", "canary-password-of-nobody"), consumer("friend", USER.password)];
    await expect.poll(() => read).toEqual(["logs"]);
    await expect.poll(() => faults.join("\n")).toMatch(/SCRAM SHA512 authentication failed/);
    expect(faults.join("\n")).not.toContain("canary");
    await Promise.all([stranger.close(), friend.close()]);
  });

  describe("says at once what is wrong, and what to change", () => {
    const wrong = { ...USER, password: "canary-password-of-nobody" };
    const scram = { mechanism: "SCRAM-SHA-512", ...USER };
    test.each<[string, (at: SecureKafka) => Parameters<typeof options>, RegExp]>([
      [
        "a wrong password",
        (at) => [at.secure, { ...scram, ...wrong }, tls],
        /^startup: .*as rondo by SASL SCRAM-SHA-512/,
      ],
      [
        "one of PLAIN",
        (at) => [at.secure, { mechanism: "PLAIN", ...wrong }, tls],
        /^startup: .*as rondo by SASL PLAIN/,
      ],
      ["a token that has ended", (at) => [at.open, bearer(-60)], /^startup: .*token is not taken \(invalid_token\)/],
      ["an unknown authority", (at) => [at.secure, scram, {}], /^startup: .*set broker::kafka::tls::ca_file/],
      [
        "another name",
        (at) => [at.secure, scram, { ...tls, server_name_override: "other.test" }],
        /^startup: .*tls::server_name_override/,
      ],
      ["no certificate of ours", (at) => [at.mutual, undefined, tls], /^startup: .*set cert_file and key_file/],
      ["no SASL there", (at) => [at.kafka.brokers[0] ?? "", scram], /^startup: .*has no SASL on this port/],
      ["no TLS there", (at) => [at.open, scram, tls], /^unavailable: .*does its listener speak TLS\?$/],
      ["no TLS here", (at) => [at.secure, scram], /^unavailable: .*does its listener want TLS\?$/],
      ["no SASL here", (at) => [at.open], /^unavailable: .*does its listener want TLS or SASL\?$/],
      [
        "a file that is not there",
        (at) => [at.secure, { ...scram, password: undefined, password_file: "/nowhere" }, tls],
        /^config: .*sasl::password_file: \/nowhere cannot be read \(ENOENT\)/,
      ],
    ])("%s", async (_, given, words) => {
      const { code, message } = await refusal(...given(it));
      expect(`${code}: ${message}`).toMatch(words);
    });
  });

  test("sessions that end are renewed with tokens that are: nothing that is under way notices", async () => {
    let asked = 0;
    let status = 200;
    const endpoint = createServer(presented(it.made.issue("login", it.ca)), (request, response) => {
      asked++;
      request.resume();
      response.writeHead(status, { "content-type": "application/json" });
      response.end(JSON.stringify({ access_token: unsignedToken(8), expires_in: 8 }));
    });
    await new Promise<void>((resolve) => void endpoint.listen(0, "127.0.0.1", resolve));
    // A server that listens on a port has an address of this shape.
    const { port } = endpoint.address() as AddressInfo;
    const client = {
      token_url: `https://127.0.0.1:${port}/`,
      client_id: "rondo",
      client_secret: "canary-password",
      tls,
    };
    const broker = await openKafka(options(it.secure, { mechanism: "OAUTHBEARER", oauth: client }, tls));
    await broker.ensureTopics([{ name: "renewed", partitions: 1 }]);
    await broker.registerGroup({ group: "g", topic: "renewed", start: "earliest" });
    const claims: AbortSignal[] = [];
    const read: number[] = [];
    await broker.join(
      { group: "g", topic: "renewed" },
      async (claim) => {
        claims.push(claim.revoked);
        for (let some = await claim.read(1 << 20); some.length > 0; some = await claim.read(1 << 20)) {
          for (const { value } of some) read.push(Number(value));
          // While nobody lets us in, a commit fails like everything else; the next one covers it.
          await claim.commit((some.at(-1)?.offset ?? 0) + 1, []).catch((thrown: unknown) => {
            if (!["unavailable", "aborted"].includes(Fault.from(thrown).code)) throw thrown;
          });
        }
      },
      (fault) => expect.fail(fault.message),
    );
    const write = async (n: number) => broker.append("renewed", 0, [{ headers: {}, value: Buffer.from(String(n)) }]);
    const until = performance.now() + 14_000;
    let written = 0;
    while (performance.now() < until) {
      await write(written++);
      await pause(50);
    }
    await expect.poll(() => read.length).toBe(written);
    expect(read).toEqual(Array.from({ length: written }, (_, n) => n));
    expect(claims).toHaveLength(1);
    expect(claims[0]?.aborted).toBe(false);
    expect(asked).toBeGreaterThan(1);
    const outcome = () =>
      write(written).then(
        () => "taken",
        (thrown) => Fault.from(thrown).code,
      );
    // The endpoint no longer knows us: what a start would end with is now waited out.
    status = 401;
    await expect.poll(outcome, { timeout: 30_000 }).toBe("unavailable");
    status = 200;
    await expect.poll(outcome, { timeout: 10_000 }).toBe("taken");
    await broker.close();
    endpoint.close();
  }, 90_000);

  test("a password that was changed is found in its file, without a restart", async () => {
    const password_file = join(it.made.folder, "rotating");
    writeFileSync(password_file, USER.password);
    const sasl = { mechanism: "SCRAM-SHA-256", username: USER.username, password_file };
    const broker = await openKafka(options(it.secure, sasl, tls));
    expect(await roundTrip(broker)).toBe("safe");
    await it.setPassword("SCRAM-SHA-256", "canary-password-2");
    const outcome = () => roundTrip(broker).catch((thrown: unknown) => Fault.from(thrown).code);
    await expect.poll(outcome, { timeout: 30_000 }).toBe("unavailable");
    writeFileSync(password_file, "canary-password-2\n");
    await expect.poll(outcome, { timeout: 10_000 }).toBe("safe");
    await broker.close();
  }, 90_000);
});
