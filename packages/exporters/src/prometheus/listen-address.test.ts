import { expect, test } from "vitest";
import { recordingPlace } from "../place.cases.ts";
import { listenAddress } from "./listen-address.ts";

const read = (raw: unknown) => listenAddress("Where.").read(raw, recordingPlace());

test.each([
  ["0.0.0.0:8889", "0.0.0.0", 8889],
  [":8889", "0.0.0.0", 8889],
  ["localhost:0", "127.0.0.1", 0],
  ["[::1]:8889", "::1", 8889],
  ["metrics.local:80", "metrics.local", 80],
])("%s is %s port %d", (text, host, port) => {
  expect(read(text)).toEqual({ text, host, port });
});

test.each([undefined, "8889", "http://a:1", "a:1/metrics", "a:99999", 8889, "::1:80"])("%s is refused", (raw) => {
  const place = recordingPlace();
  expect(listenAddress("Where.").read(raw, place)).toBeUndefined();
  expect(place.problems).toHaveLength(1);
});
