import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { logs, openSink, post } from "./sink.cases.ts";
import type { Sink } from "./sink.ts";

let sink: Sink;
beforeEach(async () => {
  sink = await openSink();
});
afterEach(() => sink.close());

const ask = async (method: string, path: string, body?: string) => {
  const response = await fetch(`${sink.status}${path}`, { method, ...(body !== undefined && { body }) });
  return { status: response.status, json: await response.json() };
};

test("GET / tells addresses, behaviour and counts", async () => {
  await post(sink, "otlp/b", logs(1, 1));
  const { json } = await ask("GET", "/");
  const { grpc, http } = sink.listener("otlp/a");
  expect(json).toMatchObject({
    listeners: [
      { name: "otlp/a", grpc, http, behaviour: { mode: "ok" } },
      { name: "otlp/b", counts: { logs: { requests: 1, items: 2, ids: 1, duplicates: 1, overflow: 0 } } },
    ],
  });
});

test("GET /ids lists ids with what they are called, how often they came and their contents", async () => {
  await post(sink, "otlp/b", logs(1, 2, 2));
  const { json } = await ask("GET", "/ids?listener=otlp/b&signal=logs");
  const digest = expect.stringMatching(/^[0-9a-f]{32}$/);
  expect(json).toEqual({
    ids: [
      { id: digest, name: "", count: 1, contents: [digest] },
      { id: digest, name: "", count: 2, contents: [digest] },
    ],
  });
  expect((await ask("GET", "/ids?listener=otlp/a&signal=logs")).json).toEqual({ ids: [] });
});

test("POST /behaviour switches one listener or all, and answers what it understood", async () => {
  expect((await ask("POST", "/behaviour", '{"mode":"500","forMs":60000}')).json).toEqual({
    mode: "status",
    status: 500,
    forMs: 60_000,
  });
  expect((await ask("POST", "/behaviour?listener=otlp/a", '{"mode":"ok"}')).json).toEqual({ mode: "ok" });
  expect((await post(sink, "otlp/a", logs(1))).status).toBe(200);
  expect((await post(sink, "otlp/b", logs(1))).status).toBe(500);
});

describe("a wrong question is told what would be right", () => {
  const cases: Record<string, [status: number, method: string, path: string, error: string, body?: string]> = {
    "no such page": [404, "GET", "/idz", "GET /idz: there are GET /, GET /ids, POST /reset, POST /behaviour"],
    "no such listener": [404, "POST", "/reset?listener=c", 'no listener "c"; there are: otlp/a, otlp/b'],
    "no such signal": [400, "GET", "/ids?listener=otlp/a&signal=trace", 'signal "trace"; did you mean traces?'],
    "half a question": [400, "GET", "/ids?signal=logs", "/ids needs ?listener="],
    "no JSON": [400, "POST", "/behaviour", "the body is not JSON", "{"],
    "no behaviour": [
      400,
      "POST",
      "/behaviour",
      'behaviour: mode "hung"; did you mean hang?, or an HTTP status',
      '{"mode":"hung"}',
    ],
  };
  for (const [what, [status, method, path, error, body]] of Object.entries(cases)) {
    test(what, async () => expect(await ask(method, path, body)).toEqual({ status, json: { error } }));
  }
});
