import { Fault } from "@rondo/core";
import { describe, expect, test } from "vitest";
import { failureOf, failureOfCode, faultOf } from "./kafka-fault.ts";

const named = (name: string, message: string, more: object = {}) => Object.assign(new Error(message), { name }, more);

describe("what kafkajs threw", () => {
  test.each([
    [named("KafkaJSProtocolError", "not the leader", { code: 6 }), "leader", "unavailable"],
    [named("KafkaJSProtocolError", "who?", { code: 25 }), "expelled", "aborted"],
    [named("KafkaJSProtocolError", "old", { code: 22 }), "fenced", "aborted"],
    [named("KafkaJSProtocolError", "wait", { code: 27 }), "rejoin", "unavailable"],
    [named("KafkaJSProtocolError", "no", { code: 30 }), "never", "startup"],
    [named("KafkaJSConnectionError", "refused", { code: "ECONNREFUSED" }), "leader", "unavailable"],
    [named("KafkaJSConnectionError", "self-signed", { code: "DEPTH_ZERO_SELF_SIGNED_CERT" }), "never", "startup"],
    [named("KafkaJSRequestTimeoutError", "late"), "leader", "unavailable"],
    [named("KafkaJSSASLAuthenticationError", "no"), "never", "startup"],
    [new TypeError("x is undefined"), "never", "bug"],
    [new Fault("unavailable", "a moment"), "leader", "unavailable"],
    [new Fault("not_found", "none"), "never", "not_found"],
    ["text", "never", "bug"],
  ])("%s is met with: %s", (thrown, remedy, code) => {
    expect(failureOf(thrown)).toMatchObject({ remedy, code });
  });
});

test("a code that nobody knows is refused by its number", () => {
  expect(failureOfCode(4711)).toEqual({ name: "ERROR_4711", remedy: "never", code: "rejected" });
});

test("a Fault says what was being done, and why it failed; one that is thrown already stays itself", () => {
  const cause = named("KafkaJSProtocolError", "The broker is busy", { code: 7 });
  expect(faultOf(failureOf(cause), "appending", cause)).toMatchObject({
    code: "unavailable",
    message: "appending failed: REQUEST_TIMED_OUT: The broker is busy",
    cause,
  });
  expect(faultOf(failureOfCode(10), "appending").message).toBe("appending failed: MESSAGE_TOO_LARGE");
  const fault = new Fault("config", "as it is");
  expect(faultOf(failureOf(fault), "appending", fault)).toBe(fault);
});
