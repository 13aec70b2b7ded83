import { type Batch, type Deliver, Fault, retry, SETTLED } from "@rondo/core";
import { createRegistry } from "@rondo/monitor";
import { FakeClock } from "@rondo/testkit";
import { expect, test } from "vitest";
import { measured } from "./measure.ts";

const labels = { signal: "logs", pipeline: "logs", component: "otlp/x" } as const;
const batch: Batch = { signal: "logs", tenant: "t", items: 2, body: new Uint8Array(7) };

test("tries are counted by how they ended, with their bytes and their time", async () => {
  const clock = new FakeClock();
  const registry = createRegistry();
  const answers: Deliver[] = [
    async () => SETTLED,
    async () => ({ kind: "settled", drops: [{ reason: "backend_rejected", items: 2 }] }),
    async () => retry(new Fault("unavailable", "away")),
    async () => {
      throw new Error("bug");
    },
  ];
  const deliver = measured(
    async (one, abort) => {
      await clock.advance(100);
      return (await answers.shift()?.(one, abort)) ?? SETTLED;
    },
    labels,
    registry,
    clock,
  );
  const never = new AbortController().signal;
  for (let tries = 0; tries < 3; tries++) await deliver(batch, never);
  await expect(deliver(batch, never)).rejects.toThrow("bug");
  const page = registry.render();
  for (const outcome of ["settled", "refused", "unavailable", "bug"]) {
    expect(page).toContain(
      `rondo_exporter_requests_total{signal="logs",pipeline="logs",component="otlp/x",outcome="${outcome}"} 1\n`,
    );
  }
  expect(page).toContain('rondo_exporter_sent_bytes_total{signal="logs",pipeline="logs",component="otlp/x"} 28\n');
  expect(page).toContain(
    'rondo_exporter_request_duration_seconds_sum{signal="logs",pipeline="logs",component="otlp/x"} 0.4',
  );
});
