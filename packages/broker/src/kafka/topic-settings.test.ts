import { describe, expect, test } from "vitest";
import { alterLine, createLine, differences, JUDGED, settingsOf, type TopicOptions } from "./topic-settings.ts";

const OPTIONS: TopicOptions = { partitions: 6, retentionMs: 60_000, maxBatchBytes: 4_096 };

describe("what topics are made with", () => {
  test("telemetry is kept for a time by the broker's clock, and no broker that missed some may lead", () => {
    expect(settingsOf("telemetry", OPTIONS, 3)).toEqual({
      "cleanup.policy": "delete",
      "retention.ms": "60000",
      "retention.bytes": "-1",
      "max.message.bytes": "4096",
      "message.timestamp.type": "LogAppendTime",
      "min.insync.replicas": "2",
      "unclean.leader.election.enable": "false",
    });
  });

  test("state is kept by key, whatever its age", () => {
    const state = settingsOf("state", { ...OPTIONS, retentionBytes: 1 }, 3);
    expect(state).toMatchObject({ "cleanup.policy": "compact", "unclean.leader.election.enable": "false" });
    expect(Object.keys(state)).not.toContain("retention.ms");
    expect(Object.keys(state)).not.toContain("retention.bytes");
  });

  test.each([
    [undefined, 1, "1"],
    [undefined, 2, "1"],
    [undefined, 3, "2"],
    [undefined, 5, "2"],
    [3, 5, "3"],
    [2, 1, "1"],
  ])("min_insync_replicas %s of %s copies is %s", (minInsyncReplicas, copies, wanted) => {
    const options = { ...OPTIONS, ...(minInsyncReplicas !== undefined && { minInsyncReplicas }) };
    expect(settingsOf("telemetry", options, copies)["min.insync.replicas"]).toBe(wanted);
  });
});

describe("what is said of a topic that exists", () => {
  const wanted = settingsOf("telemetry", OPTIONS, 3);
  const found = (more: Readonly<Record<string, string>>) => new Map(Object.entries({ ...wanted, ...more }));

  test("nothing when it is as it should be, or better, or cannot be seen", () => {
    expect(differences(wanted, found({}))).toEqual([]);
    expect(differences(wanted, found({ "max.message.bytes": "9999", "min.insync.replicas": "3" }))).toEqual([]);
    expect(differences(wanted, new Map())).toEqual([]);
  });

  test.each(JUDGED)("%s: both values, and what comes of it", (name) => {
    const [difference, ...others] = differences(wanted, found({ [name]: "0" }));
    expect(others).toEqual([]);
    expect(difference).toMatchObject({ name, found: "0", wanted: wanted[name], harm: expect.stringMatching(/\w/) });
  });

  test("one line mends all of it", () => {
    const mending = differences(wanted, found({ "retention.ms": "1", "unclean.leader.election.enable": "true" }));
    expect(alterLine("k:1,l:2", "t", mending)).toBe(
      "kafka-configs.sh --bootstrap-server k:1,l:2 --alter --topic t --add-config retention.ms=60000,unclean.leader.election.enable=false",
    );
  });
});

test("the line that makes a topic says everything", () => {
  const settings = { "cleanup.policy": "delete", "retention.ms": "1" };
  expect(createLine("k:1", "t", { partitions: 6, copies: 3, settings })).toBe(
    "kafka-topics.sh --bootstrap-server k:1 --create --topic t --partitions 6 --replication-factor 3 --config cleanup.policy=delete --config retention.ms=1",
  );
});
