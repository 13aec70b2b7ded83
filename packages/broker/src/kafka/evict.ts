/**
 * Removes a dead predecessor from its groups. A process that was killed has told nobody: until its session runs out its
 * partitions belong to it. Whoever starts under the same client id knows better, and says so. Once, at start: two live
 * processes of one name would otherwise throw each other out for ever.
 */
import { Fault, type Log } from "@rondo/core";
import type { Cluster } from "./cluster.ts";

/**
 * Whether a member's client id is one of the process that `clientId` belongs to: `rondo/<instance>/<role>/<any thread>`. A dead
 * process is taken out whole: a rebalance waits for every member that is left, until its session has run out.
 */
export function isOfProcess(clientId: string): (member: string) => boolean {
  const stem = clientId.slice(0, clientId.lastIndexOf("/") + 1);
  return (member) =>
    member === clientId || (stem !== "" && /^\d+$/.test(member.slice(stem.length)) && member.startsWith(stem));
}

/** Takes the members whose client id is chosen out of the groups. Failures are told and passed over: sessions run out by themselves. */
export async function evictPredecessor(
  cluster: Cluster,
  isChosen: (clientId: string) => boolean,
  groups: readonly string[],
  log: Log,
): Promise<void> {
  await Promise.all(
    groups.map(async (group) => {
      try {
        const removed = await cluster.askCoordinator(group, `looking for members of group ${group}`, async (node) => {
          const described = await node.describeGroups({ groupIds: [group] });
          const members = described.groups.flatMap((one) => one.members).filter(({ clientId }) => isChosen(clientId));
          for (const { memberId } of members) await node.leaveGroup({ groupId: group, memberId });
          return members.length;
        });
        if (removed > 0) log.info("a dead predecessor was taken out of its group", { group, members: removed });
      } catch (thrown) {
        log.warn("a dead predecessor may still be in its group", { group, fault: Fault.from(thrown, "unavailable") });
      }
    }),
  );
}
