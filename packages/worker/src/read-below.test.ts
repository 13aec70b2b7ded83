import { memoryBroker } from "@rondo/testkit";
import { expect, test } from "vitest";
import { readBelow } from "./read-below.ts";

test("a partition that ends earlier than it did is not at its end", async () => {
  const broker = memoryBroker();
  await broker.ensureTopics([{ name: "t" }]);
  await broker.append("t", 0, [{ headers: {}, value: Buffer.from("a") }]);
  const where = { topic: "t", partition: 0 };
  expect(await readBelow(broker, { ...where, end: 1 }, 0, 1)).toHaveLength(1);
  expect(await readBelow(broker, { ...where, end: 1 }, 1, 1)).toEqual([]);
  const early = readBelow(broker, { ...where, end: 3 }, 1, 1);
  await expect(early).rejects.toMatchObject({
    code: "unavailable",
    message: expect.stringMatching(/^t\/0 ends at offset 1/),
  });
});
