import { expect, test } from "vitest";
import { place } from "../rig.cases.ts";
import { grpcAuth, headersWith, httpAuth } from "./auth-fields.ts";

test("names an extension; absent, nobody is asked", () => {
  const said: string[] = [];
  expect(grpcAuth.read(undefined, place())).toBeNull();
  expect(httpAuth.read(new Map([["authenticator", "basicauth/a"]]), place())).toEqual({
    authenticator: "basicauth/a",
    request_params: [],
  });
  expect(grpcAuth.read({ authenticator: "no such id" }, place("auth", said))).toBeUndefined();
  expect(said).toEqual(["auth::authenticator: must be the id of an extension, such as bearertokenauth"]);
});

test("parameters of the query count as headers only when they are named", () => {
  const headers = { authorization: "Bearer a", host: "x" };
  expect(headersWith(headers, "/v1/logs?Authorization=Bearer%20b", [])).toBe(headers);
  expect(headersWith(headers, "/v1/logs?Authorization=Bearer%20b&host=y", ["Authorization"])).toEqual({
    authorization: "Bearer b",
    host: "x",
  });
  expect(headersWith(headers, "/v1/logs", ["Authorization"])).toEqual(headers);
});
