/**
 * Removes a dead predecessor from its groups. A process that was killed has told nobody: until its session runs out its
 * partitions belong to it. Whoever starts under the same client id knows better, and says so. Once, at start: two live
 * processes of one name would otherwise throw each other out for ever.
 */
import { Fault, type Log } from "@rondo/core";
import type { Cluster } from "./cluster.ts";

/** Takes the members that have this client id out of the groups. Failures are told and passed over: sessions run out by themselves. */
export async function evictPredecessor(
  cluster: Cluster,
  clientId: string,
  groups: readonly string[],
  log: Log,
): Promise<void> {
  await Promise.all(
    groups.map(async (group) => {
      try {
        const removed = await cluster.askCoordinator(group, `looking for members of group ${group}`, async (node) => {
          const described = await node.describeGroups({ groupIds: [group] });
          const members = described.groups.flatMap((one) => one.members).filter((one) => one.clientId === clientId);
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
