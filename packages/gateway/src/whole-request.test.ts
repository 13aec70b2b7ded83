import { profilesRequest } from "@rondo/testkit";
import { expect, test } from "vitest";
import { WHOLE_BYTES, wholeRequest } from "./whole-request.ts";

const account = { receiver: "otlp", signal: "profiles", tenant: "site-a" } as const;

test("a request is one piece of its own, in its very bytes", () => {
  const body = profilesRequest("main", 3);
  const { items, pieces } = wholeRequest(account, body, 1);
  expect([items, pieces.length]).toEqual([3, 1]);
  expect(pieces[0]).toMatchObject({ topic: "otlp_profiles", tenant: "site-a", via: "otlp", items: 3, alone: true });
  expect(pieces[0]?.body).toBe(body);
});

test("equal bytes go to one partition, others spread over all", () => {
  const partition = (stack: string) => wholeRequest(account, profilesRequest(stack), 8).pieces[0]?.partition;
  expect(partition("main")).toBe(partition("main"));
  expect(new Set(Array.from({ length: 200 }, (_, index) => partition(`f${index}`))).size).toBe(8);
});

test("without profiles there is nothing to write", () => {
  expect(wholeRequest(account, profilesRequest("main", 0), 8)).toEqual({ items: 0, pieces: [] });
  expect(wholeRequest(account, Buffer.alloc(0), 8)).toEqual({ items: 0, pieces: [] });
});

test("what is above a record is refused by its size, before anything of it is read", () => {
  const padded = (bytes: number) => Buffer.concat([profilesRequest("x".repeat(bytes)), Buffer.alloc(0)]);
  const over = WHOLE_BYTES - profilesRequest("x".repeat(WHOLE_BYTES - 100)).length + WHOLE_BYTES - 100;
  expect(padded(over)).toHaveLength(WHOLE_BYTES);
  expect(wholeRequest(account, padded(over), 1).pieces).toHaveLength(1);
  expect(() => wholeRequest(account, padded(over + 1), 1)).toThrow(
    `a request of profiles has ${WHOLE_BYTES + 1} B and cannot be cut; ${WHOLE_BYTES} B may be in one`,
  );
});
