import { FakeClock } from "@rondo/testkit";
import { expect, test } from "vitest";
import { testState } from "./alerts.cases.ts";
import { claimGroup, groupPrefix, readGroup } from "./group-claim.ts";

const PREFIX = "alerts/t/g/";
const bytes = (text: string) => new TextEncoder().encode(text);
const text = (value?: Uint8Array) => value && new TextDecoder().decode(value);

test("a successor reads what its predecessor wrote, and then removes it", async () => {
  const store = testState(new FakeClock());
  const first = await claimGroup(store, PREFIX, "a");
  expect(first).toMatchObject({ token: 1 });
  expect(first?.left).toBeUndefined();
  await first?.write(bytes("one"));
  await first?.write(bytes("two"));
  const second = await claimGroup(store, PREFIX, "b");
  expect([second?.token, text(second?.left?.value)]).toEqual([2, "two"]);
  // Until there is a newer state, the old one stays.
  expect((await readGroup(store, PREFIX)).keys).toEqual([`${PREFIX}1/claim`, `${PREFIX}1/state`, `${PREFIX}2/claim`]);
  await second?.write(bytes("three"));
  expect(await readGroup(store, PREFIX)).toMatchObject({
    ...{ token: 2, claimant: "b", keys: [`${PREFIX}2/claim`, `${PREFIX}2/state`] },
    state: { key: `${PREFIX}2/state` },
  });
  expect([await first?.isNewest(), await second?.isNewest()]).toEqual([false, true]);
});

test("of two that claim one token the first has it", async () => {
  const store = testState(new FakeClock());
  const claims = await Promise.all(["a", "b", "c"].map((name) => claimGroup(store, PREFIX, name)));
  expect(claims.filter((claim) => claim !== undefined)).toHaveLength(1);
});

test("what a process writes that slept through its successor's claim is read by nobody", async () => {
  const store = testState(new FakeClock());
  const sleeper = await claimGroup(store, PREFIX, "a");
  const successor = await claimGroup(store, PREFIX, "b");
  await successor?.write(bytes("new"));
  await sleeper?.write(bytes("old"));
  expect(text((await readGroup(store, PREFIX)).state?.value)).toBe("new");
  const third = await claimGroup(store, PREFIX, "c");
  expect([third?.token, text(third?.left?.value)]).toEqual([3, "new"]);
  await third?.write(bytes("newest"));
  expect((await readGroup(store, PREFIX)).keys).toEqual([`${PREFIX}3/claim`, `${PREFIX}3/state`]);
});

test("tokens are numbers: the tenth comes after the ninth", async () => {
  const store = testState(new FakeClock());
  for (let life = 1; life <= 11; life++) await (await claimGroup(store, PREFIX, `${life}`))?.write(bytes(`${life}`));
  expect(await readGroup(store, PREFIX)).toMatchObject({ token: 11, claimant: "11" });
});

test("groups of tenants and files never share a prefix, whatever they are called", () => {
  const prefix = (tenant: string, file: string, name: string) => groupPrefix(tenant, { file, name });
  expect(prefix("t", "/etc/r.yml", "g")).toBe(prefix("t", "rules/r.yml", "g"));
  expect(prefix("t", "r.yml", "g")).toBe("alerts/t/r_2Eyml.g/");
  const long = "x".repeat(300);
  const all = [
    ...[prefix("t", "r.yml", "g"), prefix("t/r", "yml", "g"), prefix("t", "r", "yml.g"), prefix("t", "r.yml", "g/1")],
    ...[prefix("t", "r.yml", `${long}a`), prefix("t", "r.yml", `${long}b`)],
  ];
  expect(new Set(all).size).toBe(all.length);
  for (const one of all) expect(Buffer.byteLength(`${one}9007199254740991/claim`)).toBeLessThan(512);
});
