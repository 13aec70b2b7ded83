import { expect, test } from "vitest";
import { collides, type Endpoint, isSameEndpoint } from "./endpoint.ts";

const tcp = (host: string | undefined, port = 4317): Endpoint => (host === undefined ? { port } : { host, port });

test.each([
  [tcp("localhost"), tcp("127.0.0.1"), true, true],
  [tcp(undefined), tcp(undefined), true, true],
  [tcp(undefined), tcp("::"), true, true],
  [{ path: "/run/a.sock" }, { path: "/run/a.sock" }, true, true],
  [{ path: "/run/a.sock" }, { path: "/run/b.sock" }, false, false],
  [{ path: "/run/a.sock" }, tcp("localhost"), false, false],
  [tcp("localhost"), tcp("localhost", 4318), false, false],
  [tcp("localhost", 0), tcp("localhost", 0), false, false],
  [tcp(undefined, 0), tcp("localhost", 0), false, false],
  [tcp(undefined), tcp("10.0.0.1"), false, true],
  [tcp(undefined), tcp("site-a.example"), false, true],
  [tcp("0.0.0.0"), tcp("localhost"), false, true],
  [tcp("0.0.0.0"), tcp("::"), false, true],
  [tcp("0.0.0.0"), tcp("::1"), false, false],
  [tcp("0.0.0.0"), tcp("site-a.example"), false, false],
  [tcp("10.0.0.1"), tcp("10.0.0.2"), false, false],
])("%j and %j are one: %s; leave no room for each other: %s", (a, b, one, clash) => {
  expect([isSameEndpoint(a, b), isSameEndpoint(b, a)]).toEqual([one, one]);
  expect([collides(a, b), collides(b, a)]).toEqual([clash, clash]);
});
