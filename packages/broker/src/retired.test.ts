import { memoryBroker } from "@rondo/testkit";
import { expect, test } from "vitest";
import { retiredGroups, retiredKey, retirement } from "./retired.ts";

test("a group is retired until its key is gone", async () => {
  const { state } = memoryBroker();
  await state.put([retirement("rondo.logs.a", 0), retirement("rondo.logs", 1), { key: "other/x", value: Buffer.of() }]);
  expect(await retiredGroups(state)).toEqual(new Set(["rondo.logs", "rondo.logs.a"]));
  await state.put([{ key: retiredKey("rondo.logs"), value: null }]);
  expect(await retiredGroups(state)).toEqual(new Set(["rondo.logs.a"]));
});
