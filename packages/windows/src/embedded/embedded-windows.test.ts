import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLog, systemClock } from "@rondo/core";
import { windowStoreContract } from "@rondo/testkit/window-store-contract";
import { expect, test } from "vitest";
import { SLOT_MS } from "../slot.ts";
import { openEmbeddedWindows } from "./embedded-windows.ts";

const temporary = () => mkdtemp(join(tmpdir(), "rondo-windows-"));

windowStoreContract("windows on this machine", async () => {
  const folder = await temporary();
  const directory = join(folder, "windows");
  const open = () => openEmbeddedWindows({ directory, clock: systemClock });
  let store = await open();
  return {
    store,
    async restart() {
      await store.close();
      store = await open();
      return store;
    },
    async lose() {
      await store.close();
      await rm(directory, { recursive: true });
      store = await open();
      return store;
    },
    async dispose() {
      await store.close();
      await rm(folder, { recursive: true });
    },
  };
});

test("slots that have ended are forgotten, and others are not", async () => {
  const directory = await temporary();
  const store = await openEmbeddedWindows({ directory, clock: systemClock });
  const progress = { partition: 0, watermark: Number.NEGATIVE_INFINITY, warming: true, keeps: "" };
  const appends = ["a", "b"].flatMap((tenant) =>
    [1, 2, 3].map((slot) => ({ tenant, partition: 0, slot: slot * SLOT_MS, block: Buffer.from("xy") })),
  );
  await store.write({ ...progress, from: undefined, to: 1, appends });
  await store.write({ ...progress, from: 1, to: 2, appends });
  await store.expire(3 * SLOT_MS);
  for (const tenant of ["a", "b"]) {
    expect(await store.slots(tenant, 0, 0)).toEqual([{ slot: 3 * SLOT_MS, bytes: 4 }]);
    expect(await store.read({ tenant, partition: 0, slot: 2 * SLOT_MS }, 0, 10)).toHaveLength(0);
    expect(await store.read({ tenant, partition: 0, slot: 3 * SLOT_MS }, 0, 10)).toHaveLength(4);
  }
  expect(await store.mark(0)).toMatchObject({ next: 2, watermark: Number.NEGATIVE_INFINITY });
  await store.close();
  await rm(directory, { recursive: true });
});

test("windows that LMDB must not see are thrown away, and said to be", async () => {
  const directory = await temporary();
  await writeFile(join(directory, "data.mdb"), "torn");
  const lines: string[] = [];
  const log = { ...silentLog, warn: (line: string) => lines.push(line) };
  const store = await openEmbeddedWindows({ directory, clock: systemClock, log });
  expect(await store.mark(0)).toBeUndefined();
  expect(lines).toEqual([
    expect.stringMatching(/data.mdb were removed: its first pages are not those of LMDB; they are filled/),
  ]);
  await store.close();
  await rm(directory, { recursive: true });
});

test("a folder that cannot be opened is named, with the way out", async () => {
  const directory = await temporary();
  await writeFile(join(directory, "windows"), "a file");
  await expect(
    openEmbeddedWindows({ directory: join(directory, "windows"), clock: systemClock }),
  ).rejects.toMatchObject({ code: "startup", message: expect.stringMatching(/windows.*may be deleted/) });
  await rm(directory, { recursive: true });
});
