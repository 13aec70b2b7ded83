import { createServer } from "node:net";
import { expect, test } from "vitest";
import { consume } from "./consume.ts";

/** A port of loopback where nobody listens. */
async function deadPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address !== null ? address.port : 0;
}

// With a real Kafka: test/servers/sdk-consumer.test.ts.
test("options that cannot be are refused at once", () => {
  expect(() => consume({ brokers: ["k:1"], group: "rondo.x", pipeline: "logs" })).toThrow("choose another");
  expect(() => consume({ brokers: ["k"], group: "x", pipeline: "logs" })).toThrow('"k" is no Kafka broker');
});

test("without Kafka it goes on trying until it is closed, and ends in time", async () => {
  const faults: string[] = [];
  const consumer = consume({
    brokers: [`127.0.0.1:${await deadPort()}`],
    group: "g",
    pipeline: "traces",
    closeTimeoutMs: 500,
    onFault: ({ code }) => faults.push(code),
  });
  const before = performance.now();
  await consumer.close();
  await consumer.close();
  expect(performance.now() - before).toBeLessThan(5_000);
  for await (const _ of consumer) expect.unreachable("a closed consumer hands nothing over");
  expect(new Set(faults)).toEqual(new Set(faults.length === 0 ? [] : ["unavailable"]));
});
