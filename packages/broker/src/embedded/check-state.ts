/** Holds the small facts of a data directory against each other and against its journal. */
import { join } from "node:path";
import type { GroupPosition } from "../log.ts";
import { Catalogue, type Topic } from "./catalogue.ts";
import type { StreamContent } from "./check-journal.ts";
import type { FileSystem } from "./file-system.ts";
import type { Finding } from "./finding.ts";
import { openStore } from "./store.ts";
import { storeFileProblem, storeHeadProblem } from "./store-file.ts";

const FROM_A_COPY = "put back the whole data directory from a copy, or begin in an empty one";

/** The state of a directory as it stood at one moment. */
export interface SeenState {
  readonly topics: readonly Topic[];
  readonly groups: readonly SeenGroup[];
  /** What keeps LMDB from reading its file, in a few words. */
  readonly problem?: string;
  /** What was thrown over what stands in it. */
  readonly odd?: unknown;
  /** There is no file at all. */
  readonly isMissing?: boolean;
}

/** A group, and where it stands on each partition. */
interface SeenGroup {
  readonly group: string;
  readonly topic: string;
  readonly positions: readonly GroupPosition[];
}

/**
 * Looks at the state in `directory`. Beside a process that writes it is to be asked before the journal for what groups have read,
 * so that they cannot have read more than is found there. Throws the system's errors.
 */
export async function seeState(fs: FileSystem, directory: string, isInUse: boolean): Promise<SeenState> {
  const place = join(directory, "data.mdb");
  const nothing = { topics: [], groups: [] };
  // Beside a process that writes, pages change between two looks; what it runs on, LMDB has opened.
  const problem = await (isInUse ? storeHeadProblem : storeFileProblem)(fs, place);
  if (problem !== undefined) return { ...nothing, problem };
  if (!(await fs.list(directory)).includes("data.mdb")) return { ...nothing, isMissing: true };
  const store = openStore({ directory, readOnly: true });
  try {
    const catalogue = new Catalogue(store);
    const groups = catalogue.groups().map(({ spec: { group, topic } }) => {
      return { group, topic, positions: catalogue.position(group) };
    });
    return { topics: catalogue.topics(), groups };
  } catch (thrown) {
    return { ...nothing, odd: thrown };
  } finally {
    await store.close();
  }
}

/** What is wrong with a state beside a journal of these `streams`; `later` is how it stood when the journal had been read. */
export function stateFindings(
  directory: string,
  seen: SeenState,
  later: SeenState,
  streams: ReadonlyMap<number, StreamContent>,
  isInUse: boolean,
): readonly Finding[] {
  const place = join(directory, "data.mdb");
  const damage = (message: string): Finding => ({ kind: "damage", place, message: `${message}; ${FROM_A_COPY}` });
  const { problem, odd, isMissing = false, topics } = seen;
  if (problem !== undefined && streams.size === 0) {
    const message = `${problem}, and nothing was ever appended: a crash interrupted its making; the next start makes it again`;
    return [{ kind: "note", place, message }];
  }
  if (problem !== undefined) return [damage(`cannot be read: ${problem}`)];
  if (odd !== undefined) return [damage(`cannot be understood: ${odd}`)];
  if (isMissing) return streams.size === 0 ? [] : [damage("is missing: nothing says whose the records are")];
  const known = topics.reduce((most, { firstStream, partitions }) => Math.max(most, firstStream + partitions), 0);
  const foreign = isInUse ? 0 : [...streams.keys()].filter((stream) => stream >= known).length;
  return [
    ...(foreign === 0 ? [] : [damage(`does not know ${foreign} partitions of the journal`)]),
    ...seen.groups.flatMap((group) => groupFindings(group, topics, streams)),
    ...later.groups.flatMap((group) => takenUnread(group, topics, streams)),
  ];
}

/** Commits on what is not there. */
function groupFindings(
  { group, topic: name, positions }: SeenGroup,
  topics: readonly Topic[],
  streams: ReadonlyMap<number, StreamContent>,
): readonly Finding[] {
  const topic = topics.find((one) => one.name === name);
  if (topic === undefined || topic.partitions !== positions.length) {
    const message = `reads ${positions.length} partitions of ${name}, which has ${topic?.partitions ?? 0}; ${FROM_A_COPY}`;
    return [{ kind: "damage", place: `group ${group}`, message }];
  }
  return positions.flatMap(({ partition, registered, committed: at = registered }): Finding[] => {
    const { high } = streams.get(topic.firstStream + partition) ?? { high: 0 };
    const message = `ends at offset ${high}, and group ${group} has read up to ${at}: records ${high} to ${at - 1} are lost; the next start goes on at ${at}`;
    return at > high ? [{ kind: "damage", place: `${name}/${partition}`, message }] : [];
  });
}

/** What was removed before a group had read it. */
function takenUnread(
  { group, topic: name, positions }: SeenGroup,
  topics: readonly Topic[],
  streams: ReadonlyMap<number, StreamContent>,
): readonly Finding[] {
  const topic = topics.find((one) => one.name === name);
  if (topic === undefined) return [];
  return positions.flatMap(({ partition, registered, committed: at = registered }): Finding[] => {
    const { low } = streams.get(topic.firstStream + partition) ?? { low: 0 };
    const message = `retention has removed ${low - at} records that group ${group} had not read: offsets ${at} to ${low - 1}`;
    return at < low ? [{ kind: "note", place: `${name}/${partition}`, message }] : [];
  });
}
