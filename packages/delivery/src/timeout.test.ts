import { SETTLED } from "@rondo/core";
import { FakeClock, settled } from "@rondo/testkit";
import { expect, onTestFinished, test } from "vitest";
import { batchOf, manualBackend, never } from "./layers.cases.ts";
import { timeout } from "./timeout.ts";

function set(ms = 5_000) {
  const clock = new FakeClock();
  const backend = manualBackend();
  return { clock, backend, deliver: timeout(ms, clock)(backend.deliver) };
}

test("an answer in time is the answer, and leaves no timer behind", async () => {
  const { clock, backend, deliver } = set();
  const verdict = deliver(batchOf("a", 1), never());
  await clock.advance(4_999);
  backend.calls[0]?.answer(SETTLED);
  expect(await verdict).toBe(SETTLED);
  expect(clock.pending).toBe(0);
});

test("a try that takes longer is aborted and becomes a retry", async () => {
  const { clock, backend, deliver } = set();
  const verdict = deliver(batchOf("a", 1), never());
  await clock.advance(5_000);
  expect(await verdict).toMatchObject({
    kind: "retry",
    fault: { code: "unavailable", message: "no answer within 5000 ms" },
  });
  expect(backend.calls[0]?.abort.aborted).toBe(true);
});

test("what a try says after its time is up is discarded: a verdict, and a rejection too", async () => {
  const unhandled: unknown[] = [];
  const note = (thrown: unknown) => unhandled.push(thrown);
  process.on("unhandledRejection", note);
  onTestFinished(() => void process.off("unhandledRejection", note));
  const { clock, backend, deliver } = set();
  const verdicts = [deliver(batchOf("a", 1), never()), deliver(batchOf("b", 1), never())];
  await clock.advance(5_000);
  backend.calls[0]?.answer(SETTLED);
  backend.calls[1]?.fail(new Error("too late"));
  await settled();
  for (const verdict of await Promise.all(verdicts)) expect(verdict.kind).toBe("retry");
  expect(unhandled).toEqual([]);
});

test("the caller's abort reaches the try and is answered even when the try ignores it", async () => {
  const { clock, backend, deliver } = set();
  const stop = new AbortController();
  const verdict = deliver(batchOf("a", 1), stop.signal);
  stop.abort();
  expect(await verdict).toMatchObject({ fault: { code: "aborted" } });
  expect([backend.calls[0]?.abort.aborted, clock.pending]).toEqual([true, 0]);
  expect(await deliver(batchOf("b", 1), stop.signal)).toMatchObject({ fault: { code: "aborted" } });
  expect(backend.calls.length).toBe(1);
});

test("0 is no bound, and a rejection in time is the caller's to see", async () => {
  const unbounded = set(0);
  const verdict = unbounded.deliver(batchOf("a", 1), never());
  await unbounded.clock.advance(1e9);
  unbounded.backend.calls[0]?.answer(SETTLED);
  expect(await verdict).toBe(SETTLED);
  const bounded = set();
  const thrown = bounded.deliver(batchOf("a", 1), never());
  bounded.backend.calls[0]?.fail(new Error("bug"));
  await expect(thrown).rejects.toThrow("bug");
  expect(bounded.clock.pending).toBe(0);
});
