import { expect, test } from "vitest";
import { temporaryDirectory } from "./journal.cases.ts";
import { openStore } from "./store.ts";

const bytes = (text: string) => Buffer.from(text);
const textOf = (value: Uint8Array | undefined) => value && Buffer.from(value).toString();

test("writes of one tick see each other in order and are committed together", async () => {
  const directory = await temporaryDirectory();
  const store = openStore({ directory, readOnly: false });
  const seen: (string | undefined)[] = [];
  await Promise.all(
    ["a", "b", "c"].map((value) =>
      store.write((read) => {
        seen.push(textOf(read("k")));
        return [{ key: "k", value: bytes(value) }];
      }),
    ),
  );
  expect(seen).toEqual([undefined, "a", "b"]);
  expect(textOf(store.get("k"))).toBe("c");
  await store.close();
});

test("a decision that throws withdraws its own writes only", async () => {
  const directory = await temporaryDirectory();
  const store = openStore({ directory, readOnly: false });
  const [first, second] = await Promise.allSettled([
    store.write(() => [{ key: "a", value: bytes("1") }]),
    store.write(() => {
      throw new Error("no");
    }),
  ]);
  expect(first.status).toBe("fulfilled");
  expect(second).toMatchObject({ status: "rejected", reason: { message: "no" } });
  expect(textOf(store.get("a"))).toBe("1");
  await store.close();
  await expect(store.write(() => [])).rejects.toMatchObject({ code: "aborted" });
});

test("a reader beside the writer sees what is committed and may not write", async () => {
  const directory = await temporaryDirectory();
  const writer = openStore({ directory, readOnly: false });
  await writer.write(() => [{ key: "a", value: bytes("1") }]);
  const reader = openStore({ directory, readOnly: true });
  expect(textOf(reader.get("a"))).toBe("1");
  await expect(reader.write(() => [])).rejects.toMatchObject({ code: "unsupported" });
  await reader.close();
  await writer.close();
});
