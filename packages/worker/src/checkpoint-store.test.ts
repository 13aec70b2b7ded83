import type { StateWrite } from "@rondo/broker";
import { memoryBroker } from "@rondo/testkit";
import fc from "fast-check";
import { expect, test } from "vitest";
import { checkpointWrites, loadCheckpoints } from "./checkpoint-store.ts";

const PLACE = { group: "rondo.metrics", partition: 3 };
const bytes = (text: string) => Buffer.from(text);
const one = (text: string, id = "a/x") => ({ id, type: "a", value: bytes(text) });

async function stored(...writes: readonly (readonly StateWrite[])[]) {
  const { state } = memoryBroker();
  for (const some of writes) await state.put(some);
  return await loadCheckpoints(state, PLACE);
}

test("whatever components kept comes back, the newest first, in as many pieces as it takes", async () => {
  const component = fc.record({
    id: fc.constantFrom("a", "a/b", "b/ä", "a_2Fb"),
    type: fc.constantFrom("a", "b"),
    value: fc.uint8Array({ maxLength: 40 }),
  });
  const components = fc.uniqueArray(component, { selector: ({ id }) => id, maxLength: 4 });
  const offset = fc.nat({ max: Number.MAX_SAFE_INTEGER });
  await fc.assert(
    fc.asyncProperty(fc.dictionary(offset.map(String), components, { maxKeys: 4 }), async (history) => {
      const all = Object.entries(history).map(([at, some]) => ({ offset: Number(at), some }));
      const { checkpoints, keys } = await stored(
        ...all.map(({ offset: at, some }) => checkpointWrites(PLACE, at, some, 7)),
      );
      const read = checkpoints.map((checkpoint) => ({
        offset: checkpoint.offset,
        some: checkpoint.components.map((entry) => {
          return { id: entry.id, type: entry.type, value: new Uint8Array(checkpoint.read(entry)) };
        }),
      }));
      expect(read).toEqual(all.sort((a, b) => b.offset - a.offset));
      expect([...keys.keys()].sort()).toEqual(all.map(({ offset: at }) => at).sort());
    }),
  );
});

test("no value is larger than a piece", () => {
  const writes = checkpointWrites(PLACE, 9, [one("x".repeat(20))], 8);
  expect(writes.map(({ value }) => value?.length)).toEqual([8, 8, 4, expect.any(Number)]);
  expect(writes.at(-1)?.key).toBe("checkpoint/rondo.metrics/3/0000000000000009");
});

test("other partitions and groups are not looked at", async () => {
  const others = [
    { ...PLACE, partition: 31 },
    { ...PLACE, group: "rondo.metrics_2Fx" },
  ];
  const { checkpoints, keys } = await stored(...others.map((place) => checkpointWrites(place, 1, [one("x")])));
  expect([checkpoints, keys.size]).toEqual([[], 0]);
});

test("a checkpoint that was never finished is none, and its keys are known", async () => {
  const writes = checkpointWrites(PLACE, 7, [one("state")]);
  const { checkpoints, keys } = await stored(writes.slice(0, -1));
  expect(checkpoints).toEqual([]);
  expect(keys.get(7)?.size).toBe(1);
});

test.each([
  ["is missing", null],
  ["is another one", bytes("stale")],
])("a piece that %s is corrupt, with its component and its offset", async (_what, value) => {
  const writes = checkpointWrites(PLACE, 7, [one("state")]);
  const { checkpoints } = await stored(writes, [{ key: writes[0]?.key ?? "", value }]);
  const [checkpoint] = checkpoints;
  expect(() => checkpoint?.components.map((entry) => checkpoint.read(entry))).toThrow(/checkpoint of a\/x at offset 7/);
});

test.each(["{}", "not JSON", JSON.stringify({ layout: 2, components: [] })])(
  "a manifest of another layout is passed over: %s",
  async (text) => {
    const key = checkpointWrites(PLACE, 7, [])[0]?.key ?? "";
    expect((await stored([{ key, value: bytes(text) }])).checkpoints).toEqual([]);
  },
);
