import { describe, expect, test } from "vitest";
import { batchAt, readAll } from "./batch.cases.ts";
import { fetchExchange, metadataExchange, produceExchange } from "./exchange.ts";
import type { OutRecord } from "./record-batch.ts";
import { WireReader, WireWriter } from "./wire.ts";

const record: OutRecord = { key: null, headers: { n: "1" }, value: Buffer.from("value") };
const bytesOf = (body: readonly Uint8Array[]) => Buffer.concat(body);

describe("Produce 7", () => {
  const spec = { topic: "t", partition: 3, records: [record], timestamp: 5, waitMs: 5_000 };

  test("asks for every replica's acknowledgement of one batch for one partition", async () => {
    const reader = new WireReader(bytesOf(produceExchange(spec).body));
    expect([reader.string(), reader.int16(), reader.int32()]).toEqual([null, -1, 5_000]);
    expect([reader.int32(), reader.string(), reader.int32(), reader.int32()]).toEqual([1, "t", 1, 3]);
    const batch = reader.raw(reader.int32());
    expect(reader.left).toBe(0);
    expect((await readAll(batch)).records).toMatchObject([{ offset: 0, timestamp: 5, headers: { n: "1" } }]);
  });

  test.each([
    ["t", 3, { partition: 3, error: 6, baseOffset: 40, timestamp: 99 }],
    ["t", 4, undefined],
    ["other", 3, undefined],
  ])("an answer for %s/%i", async (topic, partition, expected) => {
    const answer = new WireWriter().int32(1).string(topic).int32(1);
    answer.int32(partition).int16(6).int64(40).int64(99).int64(0).int32(0);
    const read = await produceExchange(spec).read(answer.bytes);
    expect([read?.baseOffset, read?.error]).toEqual([expected?.baseOffset, expected?.error]);
  });
});

describe("Fetch 11", () => {
  const wants = [
    { topic: "t", partition: 0, offset: 10, maxBytes: 100 },
    { topic: "t", partition: 1, offset: 20, maxBytes: 200 },
  ];
  const turn = async () => undefined;
  const answer = (error: number) => new WireWriter().int32(0).int16(error).int32(0);

  test("names what is wanted of each partition", () => {
    const reader = new WireReader(bytesOf(fetchExchange(wants, 250, turn).body));
    expect([reader.int32(), reader.int32(), reader.int32()]).toEqual([-1, 250, 1]);
    reader.raw(13);
    const asked = reader.array(() => [
      reader.string(),
      reader.array(() => [reader.int32(), reader.int32(), reader.int64(), reader.int64(), reader.int32()]),
    ]);
    expect(asked).toEqual([
      ["t", [[0, -1, 10, -1, 100]]],
      ["t", [[1, -1, 20, -1, 200]]],
    ]);
  });

  // kafkajs throws the first error that it finds, and with it what came of the other partitions.
  test("every partition has its own error, and its own records", async () => {
    const batch = batchAt(10, [record]);
    const both = answer(0).int32(1).string("t").int32(2);
    both.int32(1).int16(1).int64(-1).int64(-1).int64(-1).int32(-1).int32(-1).int32(-1);
    both.int32(0).int16(0).int64(11).int64(11).int64(0).int32(1).int64(7).int64(9).int32(-1).sized(batch);
    expect(await fetchExchange(wants, 0, turn).read(both.bytes)).toMatchObject([
      { partition: 1, error: 1, records: [], next: 20, high: -1 },
      { partition: 0, error: 0, records: [{ offset: 10 }], next: 11, high: 11 },
    ]);
  });

  test("a damaged batch cannot say that there is something behind the end of its partition", async () => {
    const batch = batchAt(10, [record]);
    batch.writeInt32BE(1_000, 23);
    const one = answer(0).int32(1).string("t").int32(1);
    one.int32(0).int16(0).int64(12).int64(12).int64(0).int32(0).int32(-1).sized(batch);
    expect(await fetchExchange(wants, 0, turn).read(one.bytes)).toMatchObject([{ damaged: true, next: 12 }]);
  });

  // A new leader's high watermark lags for a while: the record that is written next at what is wanted was passed over, and lost.
  test("nothing read is no step, though the end that is told is below what is wanted", async () => {
    const one = answer(0).int32(1).string("t").int32(1);
    one.int32(0).int16(0).int64(9).int64(9).int64(0).int32(0).int32(-1).int32(0);
    expect(await fetchExchange(wants, 0, turn).read(one.bytes)).toMatchObject([{ records: [], next: 10, high: 9 }]);
  });

  test("an error of the whole request is every partition's", async () => {
    const refused = await fetchExchange(wants, 0, turn).read(answer(70).int32(0).bytes);
    expect(refused).toMatchObject([
      { partition: 0, error: 70 },
      { partition: 1, error: 70 },
    ]);
  });
});

test("Metadata 6 never makes a topic, and knows partitions without a leader", () => {
  const message = metadataExchange(["t"]);
  const reader = new WireReader(bytesOf(message.body));
  expect([reader.array(() => reader.string()), reader.int8(), reader.left]).toEqual([["t"], 0, 0]);
  const answer = new WireWriter().int32(0).int32(1).int32(7).string("host").int32(9092).string("rack");
  answer.string("cluster").int32(7).int32(1).int16(5).string("t").int8(0).int32(2);
  answer.int16(0).int32(0).int32(7).int32(1).int32(7).int32(1).int32(7).int32(0);
  answer.int16(5).int32(1).int32(-1).int32(1).int32(8).int32(0).int32(1).int32(8);
  expect(message.read(answer.bytes)).toEqual({
    brokers: new Map([[7, { host: "host", port: 9092 }]]),
    topics: [
      {
        topic: "t",
        error: 5,
        leaders: new Map([
          [0, 7],
          [1, -1],
        ]),
      },
    ],
  });
});
