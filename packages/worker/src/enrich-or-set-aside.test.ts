import { rawHeaders, readLetter } from "@rondo/broker";
import { Fault, systemClock } from "@rondo/core";
import { Recurring } from "@rondo/delivery";
import { namedSpans } from "@rondo/testkit";
import { expect, test } from "vitest";
import { enrichOrSetAside } from "./enrich-or-set-aside.ts";

const errors: unknown[] = [];
const log = {
  debug() {},
  info() {},
  warn() {},
  error: (_: string, more?: unknown) => errors.push(more),
  child: () => log,
};
const OPTIONS = {
  signal: "traces",
  pipeline: "traces/a",
  stages: [],
  receivers: new Set(["otlp"]),
  maxRecordBytes: 1 << 20,
  foreign: { tenant: "nobody", via: "otlp", count: () => 1 },
  broker: { maxRecordBytes: 8 },
  trouble: new Recurring(log, systemClock, "error"),
} as const;
const headers = rawHeaders({ tenant: "t", via: "otlp", items: 1 });

test("a sound record has no letter", () => {
  const sorted = enrichOrSetAside({ offset: 4, timestamp: 9, headers, value: namedSpans(["a"]) }, 2, OPTIONS);
  expect([sorted.tenant, sorted.letter, sorted.result.forwarded]).toEqual(["t", undefined, 1]);
});

test("what the log could not read becomes a letter with as much of it as a record holds, and is said", () => {
  const fault = new Fault("corrupt", "the batch at offset 4 is damaged");
  const value = new Uint8Array(20).fill(7);
  const sorted = enrichOrSetAside({ offset: 4, timestamp: 9, headers: {}, value, fault }, 2, OPTIONS);
  const { letter } = sorted;
  expect(letter?.value).toEqual(new Uint8Array(8).fill(7));
  expect(letter && readLetter({ ...letter, offset: 0, timestamp: 0 })).toEqual({
    ...{ pipeline: "traces/a", reason: "unreadable_record", detail: fault.message, origin: "2:4:0/1" },
    ...{ first: 0, tenant: "nobody", items: 1, at: 9, raw: {} },
  });
  expect(sorted.result.account).toEqual({ entered: 1, created: 0, dropped: {}, deadLettered: 1 });
  expect(errors).toEqual([expect.objectContaining({ origin: "2:4:0/1", reason: "unreadable_record" })]);
});
