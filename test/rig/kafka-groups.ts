/** Who owns what in Kafka's consumer groups, asked as any administrator would. */
import { AssignerProtocol, Kafka as Client, logLevel } from "kafkajs";

/** The client id of each partition's owner, by group; a partition without one is left out. */
export async function ownersOf(
  brokers: readonly string[],
  groups: readonly string[],
): Promise<ReadonlyMap<string, ReadonlyMap<number, string>>> {
  const client = new Client({ brokers: [...brokers], clientId: "rig", logLevel: logLevel.NOTHING });
  const admin = client.admin();
  await admin.connect();
  try {
    const described = await admin.describeGroups([...groups]);
    return new Map(
      described.groups.map(({ groupId, members }) => [
        groupId,
        new Map(
          members.flatMap(({ clientId, memberAssignment }) =>
            partitionsOf(memberAssignment).map((partition) => [partition, clientId] as const),
          ),
        ),
      ]),
    );
  } finally {
    await admin.disconnect();
  }
}

/** Empty for a member that waits for its assignment. */
function partitionsOf(assignment: Buffer): readonly number[] {
  if (assignment.length === 0) return [];
  return Object.values(AssignerProtocol.MemberAssignment.decode(assignment)?.assignment ?? {}).flat();
}
