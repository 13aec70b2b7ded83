import { expect, test } from "vitest";
import { failureOfCode } from "./kafka-fault.ts";
import { topicRefusal } from "./topic-refusal.ts";

test.each([
  [10, "max.message.bytes=4456448"],
  [18, "segment.bytes=67108864"],
  [32, "message.timestamp.type=LogAppendTime"],
  [87, "cleanup.policy=delete"],
])("error %i passes when the topic is set right, and says how", (code, setting) => {
  expect(topicRefusal(failureOfCode(code), "otlp_logs", 4_456_448)).toMatchObject({
    code: "unavailable",
    message: expect.stringMatching(new RegExp(`topic otlp_logs .*--topic otlp_logs --add-config ${setting}$`)),
  });
});

test("everything else is no matter of settings", () => {
  expect([3, 19, 29, 2].map((code) => topicRefusal(failureOfCode(code), "t", 1))).toEqual([
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
});
