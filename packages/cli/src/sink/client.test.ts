import { afterEach, beforeEach, expect, test } from "vitest";
import { type SinkClient, sinkClient } from "./client.ts";
import { known, logs, openSink, post } from "./sink.cases.ts";
import type { Sink } from "./sink.ts";

let client: SinkClient;
let sink: Sink;
beforeEach(async () => {
  sink = await openSink();
  client = sinkClient(known(sink.status), new AbortController().signal);
});
afterEach(() => sink.close());

test("tells exporters apart, lists ids and forgets on demand", async () => {
  await post(sink, "otlp/a", logs(1, 2));
  await post(sink, "otlp/a", logs(2));
  await post(sink, "otlp/b", logs(3));
  const { listeners } = await client.status();
  expect(listeners.map(({ name, counts: { logs } }) => [name, logs.items, logs.ids, logs.duplicates])).toEqual([
    ["otlp/a", 3, 2, 1],
    ["otlp/b", 1, 1, 0],
  ]);
  expect((await client.ids("otlp/a", "logs")).map(({ count }) => count)).toEqual([1, 2]);
  await client.reset("otlp/a");
  expect(await client.ids("otlp/a", "logs")).toEqual([]);
  expect(await client.ids("otlp/b", "logs")).toHaveLength(1);
  await client.reset();
  expect(await client.ids("otlp/b", "logs")).toEqual([]);
});

test("a thousand ids come through", async () => {
  await post(sink, "otlp/a", logs(...Array.from({ length: 1000 }, (_, n) => n)));
  expect(await client.ids("otlp/a", "logs")).toEqual(sink.listener("otlp/a").holdings.held("logs"));
});

test("switches behaviours", async () => {
  await client.behave({ mode: "status", status: 503 }, "otlp/b");
  expect((await client.status()).listeners.map(({ behaviour }) => behaviour.mode)).toEqual(["ok", "status"]);
});

test("a refusal is passed on in the sink's words, and a sink that is gone is said to be gone", async () => {
  await expect(client.ids("otlp/c", "logs")).rejects.toMatchObject({
    code: "rejected",
    message: expect.stringContaining("there are: otlp/a, otlp/b"),
  });
  await sink.close();
  await expect(client.status()).rejects.toThrow("does not answer; is it running?");
});
