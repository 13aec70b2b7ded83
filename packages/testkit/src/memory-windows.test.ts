import { expect, test } from "vitest";
import { memoryWindows } from "./memory-windows.ts";
import { windowStoreContract } from "./window-store-contract.ts";

windowStoreContract("windows in memory", async () => {
  const store = memoryWindows();
  return {
    store,
    restart: async () => store,
    async lose() {
      store.flush();
      return store;
    },
    dispose: () => store.close(),
  };
});

test("a test can be away, lose a reply and count what is held", async () => {
  const store = memoryWindows();
  const write = { partition: 0, watermark: 0, warming: false, keeps: "", appends: [] };
  store.before = () => {
    throw new Error("away");
  };
  await expect(store.mark(0)).rejects.toThrow("away");
  store.before = undefined;
  store.afterWrite = () => {
    throw new Error("lost");
  };
  await expect(
    store.write({
      ...write,
      from: undefined,
      to: 1,
      appends: [{ tenant: "a", partition: 0, slot: 0, block: Buffer.of(1, 2) }],
    }),
  ).rejects.toThrow("lost");
  expect(store.bytes(0)).toBe(2);
  expect(await store.mark(0)).toMatchObject({ next: 1 });
  await store.expire(60_000);
  expect(store.bytes(0)).toBe(0);
});
