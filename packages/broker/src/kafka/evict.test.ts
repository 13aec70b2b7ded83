import { silentLog } from "@rondo/core";
import { expect, test } from "vitest";
import type { Cluster } from "./cluster.ts";
import { evictPredecessor, isOfProcess } from "./evict.ts";

// A rebalance waits for every member that is left: one dead thread in the group would stop the partitions of all.
test("a process is known by its name in every thread, and nobody else by it", () => {
  const isOurs = isOfProcess("rondo/worker-1/worker/0");
  expect(["rondo/worker-1/worker/0", "rondo/worker-1/worker/11"].filter(isOurs)).toHaveLength(2);
  const others = [
    "rondo/worker-11/worker/0",
    "rondo/worker-1/alerts/0",
    "rondo/worker-1/worker/0/x",
    "rondo/worker-1",
    "",
  ];
  expect(others.filter(isOurs)).toEqual([]);
  expect(["someone", "someone/1", "else"].filter(isOfProcess("someone"))).toEqual(["someone"]);
});

test("only what is chosen leaves, of every group, and a group that fails keeps no other from it", async () => {
  const left: string[] = [];
  const members = [
    { memberId: "m1", clientId: "rondo/a/worker/0" },
    { memberId: "m2", clientId: "rondo/b/worker/0" },
    { memberId: "m3", clientId: "rondo/a/worker/1" },
  ];
  const node = {
    describeGroups: async () => ({ groups: [{ members }] }),
    leaveGroup: async ({ groupId, memberId }: { groupId: string; memberId: string }) =>
      left.push(`${groupId} ${memberId}`),
  };
  // Of a cluster it is only asked for a group's coordinator.
  const cluster = {
    askCoordinator: async (group: string, _doing: string, ask: (one: typeof node) => Promise<number>) => {
      if (group === "broken") throw new Error("no coordinator");
      return await ask(node);
    },
  } as unknown as Cluster;
  await evictPredecessor(cluster, isOfProcess("rondo/a/worker/0"), ["g", "broken", "h"], silentLog);
  expect(left.sort()).toEqual(["g m1", "g m3", "h m1", "h m3"]);
});
