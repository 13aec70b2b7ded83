import { FakeClock, memoryBroker } from "@rondo/testkit";
import fc from "fast-check";
import { expect, test } from "vitest";
import { offsetSince } from "./offset-since.ts";

test("finds the first record since a time, whatever retention has removed", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.nat(3), { maxLength: 20 }),
      fc.nat(20),
      fc.integer({ min: -2, max: 60 }),
      async (pauses, trimmed, since) => {
        const clock = new FakeClock(0);
        const broker = memoryBroker({ clock });
        await broker.ensureTopics([{ name: "t" }]);
        for (const pause of pauses) {
          await clock.advance(pause);
          await broker.append("t", 0, [{ headers: {}, value: Buffer.of(1) }]);
        }
        broker.trim("t", 0, trimmed);
        const { high } = await broker.watermarks("t", 0);
        const first = broker.records("t").find(({ timestamp }) => timestamp >= since);
        expect(await offsetSince(broker, "t", 0, since)).toBe(first?.offset ?? high);
      },
    ),
    { numRuns: 50 },
  );
});
