import { type Batch, Fault, retry, SETTLED, type Verdict } from "@rondo/core";
import { expect, test } from "vitest";
import { batchOf, manualBackend, never } from "./layers.cases.ts";
import { type DeliveryObserver, InFlight, observe } from "./observe.ts";

function set() {
  const seen: [string, Batch, Verdict | undefined][] = [];
  const observer: DeliveryObserver = {
    entered: (batch) => seen.push(["entered", batch, undefined]),
    settled: (batch, verdict) => seen.push(["settled", batch, verdict]),
    returned: (batch, verdict) => seen.push(["returned", batch, verdict]),
  };
  const inFlight = new InFlight();
  const backend = manualBackend();
  return { seen, inFlight, backend, deliver: observe(observer, inFlight)(backend.deliver) };
}

test("every batch enters once and ends once: settled, or returned to its owner", async () => {
  const { seen, backend, deliver } = set();
  const [a, b, c] = [batchOf("a", 1), batchOf("b", 2), batchOf("c", 3)];
  const back = retry(new Fault("aborted", "stopping"));
  const ends = [a, b, c].map((batch) => deliver(batch, never()));
  backend.calls[1]?.answer(back);
  backend.calls[0]?.answer(SETTLED);
  backend.calls[2]?.fail(new Error("bug"));
  await Promise.allSettled(ends);
  expect(seen.slice(0, 3).map(([what]) => what)).toEqual(["entered", "entered", "entered"]);
  expect(seen.filter(([, batch]) => batch === a).at(-1)).toEqual(["settled", a, SETTLED]);
  expect(seen.filter(([, batch]) => batch === b).at(-1)).toEqual(["returned", b, back]);
  expect(seen.filter(([, batch]) => batch === c).at(-1)).toEqual(["returned", c, undefined]);
  expect(seen.length).toBe(6);
});

test("in flight is the sum of what is inside, also when one batch is inside twice", async () => {
  const { inFlight, backend, deliver } = set();
  const batch = batchOf("a", 5);
  const ends = [deliver(batch, never()), deliver(batch, never()), deliver(batchOf("b", 2), never())];
  expect([inFlight.batches, inFlight.items]).toEqual([3, 12]);
  backend.calls[0]?.answer(SETTLED);
  await ends[0];
  expect([inFlight.batches, inFlight.items]).toEqual([2, 7]);
  for (const call of backend.calls) call.answer(SETTLED);
  await Promise.all(ends);
  expect([inFlight.batches, inFlight.items]).toEqual([0, 0]);
});
