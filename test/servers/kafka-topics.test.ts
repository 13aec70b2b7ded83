/** Topics on a real cluster: made with what the log needs, told of where they differ, and had made by others where we may not. */
import { openKafka } from "@rondo/broker/kafka";
import { Fault, type Log, saslFields, silentLog, systemClock } from "@rondo/core";
import {
  type AclEntry,
  AclOperationTypes,
  AclPermissionTypes,
  AclResourceTypes,
  Kafka,
  logLevel,
  ResourcePatternTypes,
} from "kafkajs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { suiteNeeds } from "../needs.ts";
import { type SecureKafka, startSecureKafka, USER } from "../rig/secure-kafka.ts";

const place = { path: "", problem: (message: string) => expect.fail(message), warn: () => {}, at: () => place };

suiteNeeds("kafka")("topics of a cluster", () => {
  let it: SecureKafka;
  const warnings: string[] = [];
  const log: Log = { ...silentLog, warn: (message) => void warnings.push(message) };
  beforeAll(async () => {
    it = await startSecureKafka({
      "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
      // The plain listener, which the rig and the node itself use.
      "super.users": "User:ANONYMOUS",
      "auto.create.topics.enable": "false",
      "connection.failed.authentication.delay.ms": 0,
    });
  }, 120_000);
  afterAll(async () => await it?.[Symbol.asyncDispose]());

  const open = async (more: object = {}) =>
    await openKafka({
      ...{ brokers: it.kafka.brokers, clientId: "rondo/topics/test/0", clock: systemClock, log, random: Math.random },
      ...more,
    });
  const admin = async <T>(ask: (admin: ReturnType<Kafka["admin"]>) => Promise<T>): Promise<T> => {
    const client = new Kafka({ brokers: [...it.kafka.brokers], logLevel: logLevel.NOTHING }).admin();
    await client.connect();
    return await ask(client).finally(() => client.disconnect());
  };
  const settings = async (topic: string) => {
    const { resources } = await admin((client) =>
      client.describeConfigs({ resources: [{ type: 2, name: topic }], includeSynonyms: false }),
    );
    return Object.fromEntries(
      resources[0]?.configEntries.map(({ configName, configValue }) => [configName, configValue]) ?? [],
    );
  };
  /** Runs the kafka-configs line of a message as whoever reads it would, on the rig's listener. */
  const alter = async (message: string) => {
    const [, ...given] = /kafka-configs\.sh .*$/.exec(message)?.[0].split(" ") ?? [];
    const at = given.indexOf("--bootstrap-server") + 1;
    await it.kafka.run("kafka.admin.ConfigCommand", given.with(at, it.kafka.direct[0] ?? ""));
  };
  /** Makes the topic of a kafka-topics line; the rig has not got that tool. */
  const create = async (message: string) => {
    const line = /kafka-topics\.sh .*--create --topic (\S+) --partitions (\d+) --replication-factor 1 (.*)$/.exec(
      message,
    );
    const [, topic = "", partitions, configs = ""] = line ?? expect.fail(message);
    const configEntries = [...configs.matchAll(/--config (\S+?)=(\S+)/g)].map(([, name = "", value = ""]) => ({
      name,
      value,
    }));
    await admin((client) =>
      client.createTopics({ topics: [{ topic, numPartitions: Number(partitions), configEntries }] }),
    );
  };

  test("are made with what the configuration and the log ask for", async () => {
    const topics = { partitions: 3, retentionMs: 3_600_000, retentionBytes: 2 ** 27, replicationFactor: 1 };
    const broker = await open({ topics });
    expect(await broker.ensureTopics([{ name: "made" }])).toEqual([{ name: "made", partitions: 3, created: true }]);
    expect(await settings("made")).toMatchObject({
      "cleanup.policy": "delete",
      "retention.ms": "3600000",
      "retention.bytes": String(2 ** 27),
      "message.timestamp.type": "LogAppendTime",
      "min.insync.replicas": "1",
      "unclean.leader.election.enable": "false",
    });
    expect(Number((await settings("made"))["max.message.bytes"])).toBeGreaterThanOrEqual(broker.maxRecordBytes);
    expect(await settings("rondo.state")).toMatchObject({ "cleanup.policy": "compact" });
    await broker.close();
    expect(warnings).toEqual([]);
  });

  test("with more copies than there are brokers end the start with what to lower", async () => {
    await expect(open({ stateTopic: "copied.state", topics: { replicationFactor: 3 } })).rejects.toMatchObject({
      code: "config",
      message: expect.stringMatching(
        /topic copied\.state is to have 3 copies .* fewer are up; .* lower broker::kafka::topics::replication_factor$/,
      ),
    });
  });

  test("that differ are told of, once for each setting, with a line that mends them all", async () => {
    const configEntries = Object.entries({
      "retention.ms": "60000",
      "max.message.bytes": "10485760",
      "unclean.leader.election.enable": "true",
    }).map(([name, value]) => ({ name, value }));
    await admin((client) => client.createTopics({ topics: [{ topic: "odd", numPartitions: 1, configEntries }] }));
    warnings.length = 0;
    const broker = await open();
    const ensure = () => broker.ensureTopics([{ name: "odd" }]);
    expect(await ensure()).toMatchObject([{ partitions: 1, created: false }]);
    expect(warnings).toEqual([
      expect.stringMatching(/^topic odd has retention\.ms=60000, not 259200000: /),
      expect.stringMatching(/^topic odd has message\.timestamp\.type=CreateTime, not LogAppendTime: /),
      expect.stringMatching(/^topic odd has unclean\.leader\.election\.enable=true, not false: /),
      expect.stringMatching(/^to make topic odd as configured: kafka-configs\.sh --bootstrap-server 127/),
    ]);
    await alter(warnings.at(-1) ?? "");
    warnings.length = 0;
    await ensure();
    expect(warnings).toEqual([]);
    await broker.close();
  });

  test("without room for a record, or that take none without a key, are refused, with the line that mends it", async () => {
    const configEntries = [
      { name: "max.message.bytes", value: "1000000" },
      { name: "cleanup.policy", value: "compact" },
    ];
    await admin((client) => client.createTopics({ topics: [{ topic: "tight", numPartitions: 1, configEntries }] }));
    const broker = await open();
    const ensure = () => broker.ensureTopics([{ name: "tight" }]);
    const fault = await ensure().then(
      () => expect.fail("was taken"),
      (thrown) => Fault.from(thrown),
    );
    expect(`${fault.code}: ${fault.message}`).toMatch(
      /^config: topic tight has cleanup\.policy=compact and must have delete, max\.message\.bytes=1000000 and must have \d+: kafka-configs/,
    );
    await alter(fault.message);
    await ensure();
    await broker.close();
  });

  test("that we may not make are named with the line that makes them; once all are there, that right is not needed", async () => {
    const sasl = saslFields.read({ mechanism: "PLAIN", ...USER }, place);
    const limited = () => open({ brokers: [it.open], sasl, stateTopic: "limited.state" });
    const allow = (resourceType: AclResourceTypes, resourceName: string, ...operations: readonly AclOperationTypes[]) =>
      admin((client) => {
        const common = { resourceType, resourceName, principal: `User:${USER.username}`, host: "*" };
        const rule = { resourcePatternType: ResourcePatternTypes.PREFIXED, permissionType: AclPermissionTypes.ALLOW };
        const acl = operations.map((operation): AclEntry => ({ ...common, ...rule, operation }));
        return client.createAcls({ acl });
      });
    const { READ, WRITE, DESCRIBE, DESCRIBE_CONFIGS } = AclOperationTypes;
    await allow(AclResourceTypes.TOPIC, "limited", READ, WRITE, DESCRIBE);
    const refusal = async (attempt: Promise<unknown>) =>
      await attempt.then(
        () => expect.fail("was made"),
        (thrown) => Fault.from(thrown),
      );
    const state = await refusal(limited());
    expect(`${state.code}: ${state.message}`).toMatch(
      /^startup: topic limited\.state is missing and we may not make it \(TOPIC_AUTHORIZATION_FAILED\); have it made: kafka-topics\.sh/,
    );
    await create(state.message);
    warnings.length = 0;
    const broker = await limited();
    // Without the right to look, what cannot be checked is said, and is no reason to stop.
    expect(warnings).toEqual(["the settings of topic limited.state cannot be checked"]);
    const topic = await refusal(broker.ensureTopics([{ name: "limited.raw" }]));
    await create(topic.message);
    await allow(AclResourceTypes.TOPIC, "limited", DESCRIBE_CONFIGS);
    warnings.length = 0;
    await expect
      .poll(() => broker.ensureTopics([{ name: "limited.raw" }]))
      .toMatchObject([{ created: false, partitions: 6 }]);
    await broker.append("limited.raw", 0, [{ headers: {}, value: Buffer.from("x") }]);
    await broker.close();
  });
});
