import { getEventListeners } from "node:events";
import { type Accumulation, type Batch, Fault, RETURNED, retry as retryVerdict, SETTLED } from "@rondo/core";
import { FakeClock, settled } from "@rondo/testkit";
import { expect, test } from "vitest";
import { accumulate } from "./accumulate.ts";
import { batchOf, manualBackend, never } from "./layers.cases.ts";

const AT_ONCE: Accumulation = { minItems: 1_000, maxItems: 0, maxBytes: 1_000_000, waitMs: 0 };

function set(how: Partial<Accumulation> = {}, waitingCalls?: number) {
  const clock = new FakeClock();
  const backend = manualBackend();
  const hurry = new AbortController();
  const flow = { full: false, isFull: () => flow.full, hurry: hurry.signal };
  const deliver = accumulate({ ...AT_ONCE, ...how }, clock, flow, waitingCalls)(backend.deliver);
  const origins = () => backend.calls.map(({ batch }) => (batch.sources ?? []).map(({ origin }) => origin).join(""));
  return { clock, backend, deliver, origins, flow, hurry };
}

test("sends at once when nothing is in flight; what comes meanwhile goes out as one, in call order", async () => {
  const { backend, deliver, origins } = set();
  const ends = ["a", "b", "c"].map((origin) => deliver(batchOf(origin, 2), never()));
  expect(origins()).toEqual(["a"]);
  backend.calls[0]?.answer(SETTLED);
  await settled();
  expect(origins()).toEqual(["a", "bc"]);
  const joined = backend.calls[1]?.batch;
  expect(joined).toMatchObject({ items: 4, signal: "traces", tenant: "default" });
  expect(Buffer.from(joined?.body ?? []).toString()).toBe("bbcc");
  backend.calls[1]?.answer(SETTLED);
  // Joined bodies are copies: nothing refers to what they were made of.
  expect(await Promise.all(ends)).toEqual([SETTLED, RETURNED, RETURNED]);
  expect(joined?.body).toHaveLength(4);
});

test("the joined body is freed when the backend has let go of it", async () => {
  const { backend, deliver } = set({ minItems: 4, waitMs: 1_000 });
  const ends = ["a", "b"].map((origin) => deliver(batchOf(origin, 2), never()));
  backend.calls[0]?.answer(RETURNED);
  expect(await Promise.all(ends)).toEqual([RETURNED, RETURNED]);
  expect(backend.calls[0]?.batch.body).toHaveLength(0);
});

test("a batch without company is handed on as it is", async () => {
  const { backend, deliver } = set();
  const batch = batchOf("a", 1, { via: "otlp" });
  void deliver(batch, never());
  expect(backend.calls[0]?.batch).toBe(batch);
});

test("waits for company until enough has gathered", async () => {
  const { clock, deliver, origins } = set({ minItems: 5, waitMs: 200 });
  void deliver(batchOf("a", 2), never());
  await clock.advance(100);
  void deliver(batchOf("b", 2), never());
  expect(origins()).toEqual([]);
  void deliver(batchOf("c", 1), never());
  expect(origins()).toEqual(["abc"]);
  expect(clock.pending).toBe(0);
});

test("waits no longer than waitMs after the oldest call, also when that passed during a flight", async () => {
  const { clock, backend, deliver, origins } = set({ waitMs: 200 });
  void deliver(batchOf("a", 2), never());
  await clock.advance(100);
  void deliver(batchOf("b", 2), never());
  await clock.advance(99);
  expect(origins()).toEqual([]);
  await clock.advance(1);
  expect(origins()).toEqual(["ab"]);
  void deliver(batchOf("c", 1), never());
  await clock.advance(1_000);
  expect(origins()).toEqual(["ab"]);
  backend.calls[0]?.answer(SETTLED);
  await settled();
  expect(origins()).toEqual(["ab", "c"]);
});

test("profiles are never joined and wait for nobody, one request after the other", async () => {
  const { clock, backend, deliver, origins } = set({ minItems: 1_000, waitMs: 200 });
  const ends = ["a", "b", "c"].map((origin) => deliver(batchOf(origin, 2, { signal: "profiles" }), never()));
  for (const sent of ["a", "b", "c"]) {
    expect(origins().at(-1)).toBe(sent);
    backend.calls.at(-1)?.answer(SETTLED);
    await settled();
  }
  expect(origins()).toEqual(["a", "b", "c"]);
  expect(await Promise.all(ends)).toEqual([SETTLED, SETTLED, SETTLED]);
  expect(clock.pending).toBe(0);
});

test("never joins over maxItems or maxBytes, unless one batch alone is over them", async () => {
  const joined = async (how: Partial<Accumulation>) => {
    const { backend, deliver, origins } = set(how);
    for (const [origin, items] of Object.entries({ a: 1, b: 4, c: 4, d: 3, e: 11, f: 1 })) {
      void deliver(batchOf(origin, items), never());
    }
    for (let answered = 0; answered < backend.calls.length; answered++) {
      backend.calls[answered]?.answer(SETTLED);
      await settled();
    }
    return origins();
  };
  expect(await joined({ maxItems: 8 })).toEqual(["a", "bc", "d", "e", "f"]);
  expect(await joined({ maxBytes: 8 })).toEqual(["a", "bc", "d", "e", "f"]);
  expect(await joined({})).toEqual(["a", "bcdef"]);
});

test("joins only what has the same signal, tenant and client metadata; order of keys does not matter", async () => {
  const { clock, deliver, origins } = set({ waitMs: 10 });
  const others: Partial<Batch>[] = [
    { meta: { a: ["1"], b: ["2"] } },
    { meta: { b: ["2"], a: ["1"] } },
    { meta: { a: ["1", "2"] } },
    { tenant: "site" },
    { signal: "logs" },
    {},
    {},
  ];
  for (const [index, more] of others.entries()) void deliver(batchOf(String(index), 1, more), never());
  await clock.advance(10);
  expect(origins()).toEqual(["01", "2", "3", "4", "56"]);
});

test("each caller gets its own verdict", async () => {
  const { backend, deliver } = set();
  const ends = ["x", "a", "b", "c"].map((origin) => deliver(batchOf(origin, 2), never()));
  backend.calls[0]?.answer(SETTLED);
  await settled();
  backend.calls[1]?.answer({
    kind: "settled",
    drops: [{ reason: "backend_rejected", items: 2, sources: [{ origin: "b", items: 2 }], detail: "no" }],
  });
  const verdicts = await Promise.all(ends);
  expect(verdicts[1]).toBe(SETTLED);
  expect(verdicts[2]).toMatchObject({ drops: [{ items: 2, reason: "backend_rejected", detail: "no" }] });
  expect(verdicts[3]).toBe(SETTLED);
});

test("a retry verdict and a rejection are every caller's", async () => {
  const { backend, deliver } = set();
  const first = deliver(batchOf("a", 1), never());
  const pair = [deliver(batchOf("b", 1), never()), deliver(batchOf("c", 1), never())];
  backend.calls[0]?.fail(new Error("bug"));
  await expect(first).rejects.toThrow("bug");
  await settled();
  const later = retryVerdict(new Fault("throttled", "later"), 10);
  backend.calls[1]?.answer(later);
  expect(await Promise.all(pair)).toEqual([later, later]);
});

test("a caller that aborts while it waits leaves; the others are sent without it", async () => {
  const { clock, deliver, origins } = set({ waitMs: 100 });
  const stop = new AbortController();
  const gone = deliver(batchOf("a", 1), stop.signal);
  await clock.advance(50);
  void deliver(batchOf("b", 1), never());
  stop.abort();
  expect(await gone).toMatchObject({ fault: { code: "aborted" } });
  await clock.advance(99);
  expect(origins()).toEqual([]);
  await clock.advance(1);
  expect(origins()).toEqual(["b"]);
});

test("a caller that aborts in flight is answered at once; the request goes on for the others, and single flight holds", async () => {
  const { backend, deliver, origins } = set({ minItems: 2, waitMs: 1_000 });
  const stop = new AbortController();
  const gone = deliver(batchOf("a", 1), stop.signal);
  const stays = deliver(batchOf("b", 1), never());
  expect(origins()).toEqual(["ab"]);
  stop.abort();
  expect(await gone).toMatchObject({ fault: { code: "aborted" } });
  expect(backend.calls[0]?.abort.aborted).toBe(false);
  void deliver(batchOf("c", 5), never());
  expect(origins()).toEqual(["ab"]);
  backend.calls[0]?.answer(SETTLED);
  expect(await stays).toEqual(RETURNED);
  await settled();
  expect(origins()).toEqual(["ab", "c"]);
});

test("when every caller of a request has aborted, the request is", async () => {
  const { backend, deliver, origins } = set({ minItems: 2, waitMs: 1_000 });
  const stops = [new AbortController(), new AbortController()];
  const ends = stops.map((stop, index) => deliver(batchOf(String(index), 1), stop.signal));
  for (const stop of stops) stop.abort();
  await Promise.all(ends);
  expect(backend.calls[0]?.abort.aborted).toBe(true);
  void deliver(batchOf("n", 2), never());
  expect(origins()).toEqual(["01"]);
  backend.calls[0]?.answer(retryVerdict(new Fault("aborted", "ended")));
  await settled();
  expect(origins()).toEqual(["01", "n"]);
});

test("an empty batch is settled without a request, an aborted caller is answered without one", async () => {
  const { backend, deliver } = set();
  expect(await deliver(batchOf("a", 0), never())).toBe(SETTLED);
  expect(await deliver(batchOf("a", 1), AbortSignal.abort())).toMatchObject({ fault: { code: "aborted" } });
  expect(backend.calls.length).toBe(0);
});

test("holds a bounded number of calls and names the limit beyond it", async () => {
  const { backend, deliver } = set({}, 2);
  const first = deliver(batchOf("a", 1), never());
  void deliver(batchOf("b", 1), never());
  expect(await deliver(batchOf("c", 1), never())).toMatchObject({
    kind: "retry",
    fault: { code: "throttled", message: "2 batches wait already: the limit of accumulate" },
  });
  backend.calls[0]?.answer(SETTLED);
  await first;
  await settled();
  void deliver(batchOf("d", 1), never());
  backend.calls[1]?.answer(SETTLED);
  await settled();
  expect(backend.calls.length).toBe(3);
});

test("however many calls of one signal wait, the signal has one listener, and none when they are answered", async () => {
  const { backend, deliver } = set();
  const { signal } = new AbortController();
  const ends = Array.from({ length: 50 }, () => deliver(batchOf("a", 1), signal));
  expect(getEventListeners(signal, "abort")).toHaveLength(1);
  backend.calls[0]?.answer(SETTLED);
  await settled();
  backend.calls[1]?.answer(SETTLED);
  await Promise.all(ends);
  expect(getEventListeners(signal, "abort")).toHaveLength(0);
});

test("does not wait for company that cannot come", async () => {
  const { clock, backend, deliver, origins, flow } = set({ minItems: 5, waitMs: 60_000 });
  void deliver(batchOf("a", 1), never());
  expect(origins()).toEqual([]);
  flow.full = true;
  void deliver(batchOf("b", 1), never());
  expect(origins()).toEqual(["ab"]);
  flow.full = false;
  void deliver(batchOf("c", 1), never());
  backend.calls[0]?.answer(SETTLED);
  await settled();
  expect([origins(), clock.pending]).toEqual([["ab"], 1]);
});

test("in a hurry, sends what has gathered and lets nothing gather again but behind a request in flight", async () => {
  const { clock, backend, deliver, origins, hurry } = set({ minItems: 5, waitMs: 60_000 });
  void deliver(batchOf("a", 1), never());
  void deliver(batchOf("x", 1, { tenant: "other" }), never());
  hurry.abort();
  expect(origins()).toEqual(["a", "x"]);
  for (const origin of ["b", "c"]) void deliver(batchOf(origin, 1), never());
  backend.calls[0]?.answer(SETTLED);
  await settled();
  expect(origins()).toEqual(["a", "x", "bc"]);
  expect(clock.pending).toBe(0);
});
