import type { Commit } from "@rondo/broker/kafka";
import type { Fault } from "@rondo/core";
import { expect, test } from "vitest";
import type { ConsumeStart } from "./consume-options.ts";
import { findStart } from "./find-start.ts";
import { writeNote } from "./note.ts";

const spec = { group: "g", topic: "t" };
const origin = { offset: 40, part: 0, at: 1_000 };

function start(
  commits: Readonly<Record<number, Commit>>,
  partition = 0,
  from: ConsumeStart = "latest",
  tell: (fault: Fault) => void = (fault) => expect.soft(fault).toBeUndefined(),
) {
  const positions = {
    commits: async () => new Map(Object.entries(commits).map(([at, commit]) => [Number(at), commit] as const)),
    watermarks: async () => ({ low: 20, high: 90 }),
    offsetSince: async (_topic: string, _partition: number, time: number) => time / 1_000,
    partitions: async () => 4,
  };
  return findStart(positions, spec, partition, from, tell);
}

test("a new group begins where it was told, and remembers how many partitions there were", async () => {
  expect(await start({})).toEqual({ offset: 90, partitions: 4, isFirst: true });
  expect(await start({}, 0, "earliest")).toEqual({ offset: 20, partitions: 4, isFirst: true });
  expect(await start({}, 0, new Date(55_000))).toEqual({ offset: 55, partitions: 4, isFirst: true });
});

test("members that join a new group together begin alike, partition by partition", async () => {
  const others = { 0: { offset: 90, note: writeNote({ partitions: 4 }) } };
  expect(await start(others, 3)).toEqual({ offset: 90, partitions: 4, isFirst: true });
});

test("a partition that came later is read from its first record on", async () => {
  const others = { 0: { offset: 90, note: writeNote({ partitions: 3 }) } };
  expect(await start(others, 3)).toEqual({ offset: 20, partitions: 3, isFirst: true });
});

test("a group goes on at its commit, with what it has settled", async () => {
  const own = { offset: 50, note: writeNote({ partitions: 4, origin }) };
  expect(await start({ 0: own })).toEqual({ offset: 50, partitions: 4, isFirst: false, origin });
  const moved = { offset: 30, note: "" };
  expect(await start({ 0: moved }), "somebody moved the group back").toEqual({
    offset: 30,
    partitions: 4,
    isFirst: false,
  });
});

test("what retention has removed is passed over, a topic that was made anew read from its beginning, and both are told", async () => {
  const told: string[] = [];
  const tell = ({ message }: Fault) => void told.push(message);
  const note = writeNote({ partitions: 4, origin });
  expect(await start({ 0: { offset: 5, note } }, 0, "latest", tell)).toMatchObject({ offset: 20, origin });
  expect(await start({ 0: { offset: 91, note } }, 0, "latest", tell)).toMatchObject({ offset: 20, origin });
  expect(told).toEqual([
    "group g wants offset 5 of t/0, which retention has removed; going on at 20, 15 records later",
    "group g was at offset 91 of t/0, which ends at 90: the topic was made anew; going on at its beginning, 20",
  ]);
});
