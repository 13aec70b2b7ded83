import { expect, test } from "vitest";
import { httpEndpoint } from "../http/http-endpoint.ts";
import { recordingPlace } from "../place.cases.ts";
import { logsEndpoint, namesPushApi } from "./endpoint.ts";

function read(written: string) {
  const endpoint = httpEndpoint("A URL.").read(written, recordingPlace());
  if (!endpoint) throw new Error(`${written} was refused`);
  return endpoint;
}

test.each([
  ["http://loki:3100", "http://loki:3100/otlp/v1/logs"],
  ["http://loki:3100/", "http://loki:3100/otlp/v1/logs"],
  ["http://loki:3100/otlp", "http://loki:3100/otlp/v1/logs"],
  ["http://loki:3100/otlp/", "http://loki:3100/otlp/v1/logs"],
  ["http://loki:3100/otlp/v1", "http://loki:3100/otlp/v1/logs"],
  ["http://loki:3100/otlp/v1/logs", "http://loki:3100/otlp/v1/logs"],
  ["https://gateway/loki?key=1", "https://gateway/loki/otlp/v1/logs?key=1"],
])("%s takes logs at %s", (written, expected) => {
  expect(logsEndpoint(read(written)).url.href).toBe(expected);
});

test("credentials stay with the endpoint", () => {
  expect(logsEndpoint(read("http://user:word@loki")).userInfo?.reveal()).toBe("user:word");
});

test.each([
  ["http://loki:3100/loki/api/v1/push", true],
  ["http://loki:3100/loki/api/v1/push/", true],
  ["http://loki:3100/api/prom/push", true],
  ["http://loki:3100/push", false],
])("%s is the push API: %s", (written, expected) => {
  expect(namesPushApi(read(written))).toBe(expected);
});
