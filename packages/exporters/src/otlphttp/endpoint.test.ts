import { expect, test } from "vitest";
import { httpEndpoint } from "../http/http-endpoint.ts";
import { recordingPlace } from "../place.cases.ts";
import { namesSignalPath, urlOf } from "./endpoint.ts";

const read = (written: unknown, place = recordingPlace()) => httpEndpoint("A URL.").read(written, place);

test.each([
  ["http://grafana:3000", "http://grafana:3000/v1/traces"],
  ["http://grafana:3000/", "http://grafana:3000/v1/traces"],
  ["https://loki/otlp", "https://loki/otlp/v1/traces"],
  ["https://loki/otlp/?key=1", "https://loki/otlp/v1/traces?key=1"],
  // As the Collector does; the warning is check's.
  ["http://grafana/v1/metrics", "http://grafana/v1/metrics/v1/traces"],
])("%s sends traces to %s", (written, expected) => {
  expect(urlOf("traces", read(written) ?? null, null)?.url.href).toBe(expected);
});

test("a signal's own endpoint is used verbatim", () => {
  const own = read("http://x/anything/");
  expect(urlOf("logs", read("http://y") ?? null, own ?? null)?.url.href).toBe("http://x/anything/");
  expect(urlOf("logs", null, null)).toBeUndefined();
});

test("profiles have a path of their development version", () => {
  expect(urlOf("profiles", read("https://x/otlp/") ?? null, null)?.url.pathname).toBe("/otlp/v1development/profiles");
});

test("a base URL that names a signal's path is recognised", () => {
  const named = (written: string) => {
    const endpoint = read(written);
    return endpoint && namesSignalPath(endpoint);
  };
  expect([named("http://x/v1/metrics"), named("http://x/v1/logs/"), named("http://x/v1")]).toEqual([
    "metrics",
    "logs",
    undefined,
  ]);
});
