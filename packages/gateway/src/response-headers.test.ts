import { expect, test } from "vitest";
import { responseHeaders } from "./response-headers.ts";
import { place } from "./rig.cases.ts";

test("headers that HTTP can carry are taken as they are", () => {
  expect(responseHeaders.read({ "X-Site": 7 }, place())).toEqual(new Map([["X-Site", "7"]]));
  expect(responseHeaders.read(undefined, place())).toEqual(new Map());
});

test.each([
  ["X Site", "7", "must be the name of a header and a value without line breaks"],
  ["X-Site", "7\r\nX-Other: 8", "must be the name of a header and a value without line breaks"],
  ["content-Length", "7", "cannot be set: the gateway itself says it of every answer"],
])("%j: %j is refused", (name, value, problem) => {
  const said: string[] = [];
  expect(responseHeaders.read({ [name]: value }, place("headers", said))).toBeUndefined();
  expect(said).toEqual([`headers::${name}: ${problem}`]);
});
