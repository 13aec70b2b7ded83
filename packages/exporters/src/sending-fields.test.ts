import { readFields } from "@rondo/core";
import { expect, test } from "vitest";
import { recordingPlace } from "./place.cases.ts";
import {
  accumulationOf,
  compression,
  headers,
  metadataOf,
  noteQueue,
  retryOnFailure,
  retryPolicyOf,
  sendingQueue,
} from "./sending-fields.ts";

const fields = { retry: retryOnFailure, queue: sendingQueue, headers, compression: compression(["gzip"]) };

function read(raw: object) {
  const place = recordingPlace();
  const values = readFields(fields, raw, place);
  if (values === undefined) throw new Error(place.problems.join("; "));
  return { ...values, warnings: place.warnings };
}

test("the defaults are the Collector's, but for giving up", () => {
  const { retry, queue, headers: none, compression: gzip, warnings } = read({});
  expect(retryPolicyOf(retry)).toEqual({ initialMs: 5_000, multiplier: 1.5, maxMs: 30_000, randomization: 0.5 });
  expect(accumulationOf(queue)).toBeUndefined();
  expect([none.size, gzip, warnings]).toEqual([0, "gzip", []]);
});

test("what would give up accepted data is warned about and has no effect", () => {
  const { retry, warnings } = read({ retry: { enabled: false, max_elapsed_time: "10s" } });
  expect(retry.enabled).toBe(true);
  expect(warnings).toEqual([
    "exporter::retry::enabled has no effect: giving up would lose what was accepted",
    "exporter::retry::max_elapsed_time has no effect: a request is repeated until the backend has settled it",
  ]);
});

test("waits never become a busy loop, and the first is not above the longest", () => {
  const { retry } = read({ retry: { initial_interval: "0s", max_interval: "0s" } });
  expect(retryPolicyOf(retry)).toMatchObject({ initialMs: 10, maxMs: 10 });
  expect(retryPolicyOf(read({ retry: { initial_interval: "1m" } }).retry)).toMatchObject({ initialMs: 30_000 });
});

test("sending_queue.batch joins by items, or bounds bytes", () => {
  expect(accumulationOf(read({ queue: { batch: {} } }).queue)).toMatchObject({
    minItems: 8192,
    maxItems: 0,
    waitMs: 200,
  });
  const items = read({ queue: { batch: { min_size: 10, max_size: 20, flush_timeout: "1s" } } }).queue;
  expect(accumulationOf(items)).toMatchObject({ minItems: 10, maxItems: 20, waitMs: 1_000 });
  const bytes = read({ queue: { batch: { sizer: "bytes", max_size: 5_000 } } }).queue;
  expect(accumulationOf(bytes)).toMatchObject({ maxItems: 0, maxBytes: 5_000 });
});

test("sending_queue.batch.partition keeps requests apart by client metadata, in any case", () => {
  const needOf = (queue: object) => metadataOf({ sending_queue: read({ queue }).queue });
  expect(needOf({ batch: { partition: { metadata_keys: ["X-Site"] } } })).toEqual({ keys: ["x-site"], sent: true });
  for (const queue of [{}, { batch: {} }, { batch: { partition: {} } }]) expect(needOf(queue).keys).toEqual([]);
});

test("the other queue keys are accepted and named once", () => {
  const said: unknown[] = [];
  const log = { info: (_: string, more?: unknown) => said.push(more) };
  const { queue } = read({ queue: { enabled: true, queue_size: 5_000, num_consumers: 4, storage: "file_storage" } });
  noteQueue(queue, { debug() {}, warn() {}, error() {}, child: () => never(), info: log.info });
  noteQueue(read({}).queue, { debug() {}, warn() {}, error() {}, child: () => never(), info: log.info });
  expect(said).toEqual([{ keys: ["enabled", "queue_size", "num_consumers", "storage"] }]);
});

function never(): never {
  throw new Error("not asked for");
}

test("compression that cannot be sent is refused with what can; header values are secrets", () => {
  expect(() => read({ compression: "snappy" })).toThrow("must be one of gzip, none");
  expect(read({ compression: "" }).compression).toBe("none");
  const { headers: given } = read({ headers: { "X-Scope-OrgID": "canary" } });
  expect(JSON.stringify([...given])).not.toContain("canary");
  expect(given.get("X-Scope-OrgID")?.reveal()).toBe("canary");
});
