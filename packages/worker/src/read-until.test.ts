import { getEventListeners } from "node:events";
import type { Claim, LogRecord } from "@rondo/broker";
import { Fault } from "@rondo/core";
import { memoryBroker } from "@rondo/testkit";
import { expect, test } from "vitest";
import { readUntil } from "./read-until.ts";

/** A claim on a topic of one partition, and a way to put records into it. */
async function openClaim() {
  const broker = memoryBroker();
  await broker.ensureTopics([{ name: "t" }]);
  await broker.registerGroup({ group: "g", topic: "t" });
  const claimed = Promise.withResolvers<Claim>();
  const onClaim = (claim: Claim) => {
    claimed.resolve(claim);
    return new Promise<void>((resolve) => claim.revoked.addEventListener("abort", () => resolve()));
  };
  await broker.join({ group: "g", topic: "t" }, onClaim, claimed.reject);
  const append = (text: string) => broker.append("t", 0, [{ headers: {}, value: Buffer.from(text) }]);
  return { broker, claim: await claimed.promise, append };
}

const texts = (records: readonly LogRecord[]) => records.map(({ value }) => Buffer.from(value).toString());

test("reads what is there, and leaves nothing on a signal that lives longer than the read", async () => {
  const { broker, claim, append } = await openClaim();
  const { signal } = new AbortController();
  for (const text of ["a", "b", "c"]) {
    await append(text);
    expect(texts(await readUntil(claim, 1_000, signal))).toEqual([text]);
  }
  expect(getEventListeners(signal, "abort")).toEqual([]);
  await broker.close();
});

test("a read that waits ends with the signal, and with nothing", async () => {
  const { broker, claim } = await openClaim();
  const stop = new AbortController();
  const reading = readUntil(claim, 1_000, stop.signal);
  stop.abort();
  expect(await reading).toEqual([]);
  await broker.close();
});

test("a signal that has fired takes nothing out of the log", async () => {
  const { broker, claim, append } = await openClaim();
  await append("a");
  expect(await readUntil(claim, 1_000, AbortSignal.abort())).toEqual([]);
  expect(texts(await readUntil(claim, 1_000, new AbortController().signal))).toEqual(["a"]);
  await broker.close();
});

test("a fault of the log comes through", async () => {
  const { broker, claim } = await openClaim();
  const broken: Claim = { ...claim, read: () => Promise.reject(new Fault("corrupt", "a torn record")) };
  await expect(readUntil(broken, 1_000, new AbortController().signal)).rejects.toThrow("a torn record");
  await broker.close();
});
