/** Holds the small facts of a data directory against each other and against its journal. */
import { join } from "node:path";
import { Catalogue, type Topic } from "./catalogue.ts";
import type { StreamContent } from "./check-journal.ts";
import type { FileSystem } from "./file-system.ts";
import type { Finding } from "./finding.ts";
import { openStore } from "./store.ts";
import { storeFileProblem, storeHeadProblem } from "./store-file.ts";

/** The facts, and what is wrong with them. */
export interface CheckedState {
  readonly topics: readonly Topic[];
  readonly findings: readonly Finding[];
}

const FROM_A_COPY = "put back the whole data directory from a copy, or begin in an empty one";

/** Checks the state in `directory` beside a journal of these `streams`. Throws the system's errors. */
export async function checkState(
  fs: FileSystem,
  directory: string,
  streams: ReadonlyMap<number, StreamContent>,
  isInUse: boolean,
): Promise<CheckedState> {
  const place = join(directory, "data.mdb");
  // Beside a process that writes, pages change between two looks; what it runs on, LMDB has opened.
  const problem = await (isInUse ? storeHeadProblem : storeFileProblem)(fs, place);
  const damage = (message: string): Finding => ({ kind: "damage", place, message });
  if (problem !== undefined && streams.size === 0) {
    const message = `${problem}, and nothing was ever appended: a crash interrupted its making; the next start makes it again`;
    return { topics: [], findings: [{ kind: "note", place, message }] };
  }
  if (problem !== undefined) return { topics: [], findings: [damage(`cannot be read: ${problem}; ${FROM_A_COPY}`)] };
  if (!(await fs.list(directory)).includes("data.mdb")) {
    const findings =
      streams.size === 0 ? [] : [damage(`is missing: nothing says whose the records are; ${FROM_A_COPY}`)];
    return { topics: [], findings };
  }
  const store = openStore({ directory, readOnly: true });
  try {
    const catalogue = new Catalogue(store);
    const topics = catalogue.topics();
    const known = topics.reduce((most, { firstStream, partitions }) => Math.max(most, firstStream + partitions), 0);
    const foreign = isInUse ? 0 : [...streams.keys()].filter((stream) => stream >= known).length;
    const findings =
      foreign === 0 ? [] : [damage(`does not know ${foreign} partitions of the journal; ${FROM_A_COPY}`)];
    return { topics, findings: [...findings, ...groupFindings(catalogue, streams)] };
  } catch (thrown) {
    return { topics: [], findings: [damage(`cannot be understood: ${thrown}; ${FROM_A_COPY}`)] };
  } finally {
    await store.close();
  }
}

function groupFindings(catalogue: Catalogue, streams: ReadonlyMap<number, StreamContent>): Finding[] {
  const findings: Finding[] = [];
  for (const { spec, registered } of catalogue.groups()) {
    const topic = catalogue.topics().find(({ name }) => name === spec.topic);
    if (topic === undefined || topic.partitions !== registered.length) {
      findings.push({
        kind: "damage",
        place: `group ${spec.group}`,
        message: `reads ${registered.length} partitions of ${spec.topic}, which has ${topic?.partitions ?? 0}; ${FROM_A_COPY}`,
      });
      continue;
    }
    for (const { partition, registered: first, committed } of catalogue.position(spec.group)) {
      const { low, high } = streams.get(topic.firstStream + partition) ?? { low: 0, high: 0 };
      const place = `${spec.topic}/${partition}`;
      const at = committed ?? first;
      if (at > high) {
        findings.push({
          kind: "damage",
          place,
          message: `ends at offset ${high}, and group ${spec.group} has read up to ${at}: records ${high} to ${at - 1} are lost; the next start goes on at ${at}`,
        });
      }
      if (at < low) {
        findings.push({
          kind: "note",
          place,
          message: `retention has removed ${low - at} records that group ${spec.group} had not read: offsets ${at} to ${low - 1}`,
        });
      }
    }
  }
  return findings;
}
