import { expect, test } from "vitest";
import { recordingPlace } from "../place.cases.ts";
import { httpEndpoint } from "./http-endpoint.ts";

const read = (written: unknown, place = recordingPlace()) => httpEndpoint("A URL.").read(written, place);

test("credentials leave the URL and are not printed", () => {
  const endpoint = read("https://user:p%40ss@backend/");
  expect(endpoint?.userInfo?.reveal()).toBe("user:p@ss");
  expect(JSON.stringify(endpoint)).not.toContain("ss@");
});

test.each(["", "grafana:3000", "ftp://x", "http://", "https://u:%zz@canary/", 7])(
  "%s is refused and not repeated",
  (written) => {
    const place = recordingPlace();
    expect(read(written, place)).toBeUndefined();
    expect(place.problems.length).toBe(1);
    expect(place.problems.join()).not.toContain("canary");
  },
);
