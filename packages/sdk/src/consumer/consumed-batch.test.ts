import { encodeRequest } from "@rondo/otlp/codec";
import { expect, test } from "vitest";
import { makeBatch } from "./consumed-batch.ts";

const request = {
  resourceLogs: [
    {
      resource: { attributes: [{ key: "service.name", value: { stringValue: "fl" } }], entityRefs: [] },
      scopeLogs: [
        {
          logRecords: [
            { attributes: [], body: { stringValue: "one" } },
            { attributes: [], severityNumber: 9 },
          ],
        },
      ],
    },
  ],
};

function batch(value: Uint8Array, meta?: Readonly<Record<string, readonly string[]>>) {
  return makeBatch({
    signal: "logs",
    topic: "otlp_logs.enriched",
    partition: 2,
    record: { offset: 9, timestamp: 5, headers: {}, value },
    headers: { tenant: "site-a", items: 2, origin: "2:4:0/1", at: 1_000, ...(meta && { meta }) },
    attempt: 1,
    revoked: new AbortController().signal,
    ack: () => undefined,
  });
}

test("says where it is from, and gives its items with what is around them", () => {
  const one = batch(encodeRequest("logs", request), { "x-site": ["a"] });
  expect(one).toMatchObject({ tenant: "site-a", items: 2, origin: "2:4:0/1", at: 1_000, partition: 2, offset: 9 });
  expect(one.meta).toEqual({ "x-site": ["a"] });
  const items = [...one.decode()];
  expect(items.map(({ item }) => item.body?.stringValue ?? item.severityNumber)).toEqual(["one", 9]);
  expect(items[1]?.resource?.attributes).toEqual([{ key: "service.name", value: { stringValue: "fl" } }]);
  expect(one.request().resourceLogs).toHaveLength(1);
});

test("without client metadata there is no `meta`, and malformed bytes are told when they are decoded", () => {
  const one = batch(Uint8Array.of(0xff));
  expect("meta" in one).toBe(false);
  expect(() => one.decode()).toThrow(/./);
});
