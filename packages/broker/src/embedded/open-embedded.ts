/** The broker of one process: a journal of files, LMDB for the small facts, and groups in memory. */
import { join } from "node:path";
import { type Clock, Fault, type Log } from "@rondo/core";
import type { Broker, GroupSpec, GroupStart, NewRecord } from "../log.ts";
import { describeLoss, type Loss } from "../loss.ts";
import { valueBytes } from "../new-value.ts";
import { Catalogue, STATE_PREFIX } from "./catalogue.ts";
import { makeClaim } from "./claim.ts";
import { type DataDirectory, openDirectory, startupFault } from "./data-directory.ts";
import { type FindProcess, findProcess } from "./directory-lock.ts";
import { type FileSystem, nodeFileSystem } from "./file-system.ts";
import { Group } from "./group.ts";
import { Journal } from "./journal.ts";
import { numberOf } from "./segment.ts";
import { openStore, type Store, stateStore } from "./store.ts";
import { storeHeadProblem } from "./store-file.ts";
import { wholeRecord } from "./whole-record.ts";

/** How an embedded broker is opened. Sizes in bytes, times in milliseconds. */
export interface EmbeddedOptions {
  /** The data directory; made when it is missing. */
  readonly directory: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Partitions of a topic whose spec does not say; 4. */
  readonly partitions?: number;
  /** A journal file is sealed when it would grow beyond this; 64 MiB. */
  readonly segmentBytes?: number;
  /** Files whose newest record is older are removed, read or not; 72 h. */
  readonly retentionMs?: number;
  /** Above it, files that every group has read are removed, oldest first; absent: only age removes any. */
  readonly retentionBytes?: number;
  /** Called, beside the line in the log, when a reader finds that retention was faster. */
  readonly onLoss?: (loss: Loss) => void;
  /** The largest value of a record; 4 MiB. */
  readonly maxRecordBytes?: number;
  /** False: acknowledge appends without waiting for the device; a power cut then loses what was acknowledged. True. */
  readonly sync?: boolean;
  /** Memory for the newest records, from which readers that keep up are served; 8 MiB. */
  readonly tailCacheBytes?: number;
  /** Appends that may wait for the disk, beyond which they fail with `unavailable`; 64 MiB. */
  readonly queueBytes?: number;
  /** Opens beside a running process: no lock, no repair, no writing; what is seen is what was there at that moment. */
  readonly readOnly?: boolean;
  readonly fs?: FileSystem;
  readonly findProcess?: FindProcess;
}

/** An open embedded broker. */
export interface EmbeddedBroker extends Broker {
  /** What lies on disk and in memory, and how many damaged places were met since it was opened. */
  stats(): {
    readonly segments: number;
    readonly bytes: number;
    readonly tailBytes: number;
    readonly corrupt: number;
    /** Syncs of files since it was opened. */
    readonly syncs: number;
    /** What became durable since it was opened, by topic; bytes with their framing. */
    readonly appended: ReadonlyMap<string, { readonly records: number; readonly bytes: number }>;
  };
}

// One append is one frame, written and read as a whole.
const RECORDS_PER_APPEND = 16;
const EXPIRE_EVERY_MS = 60_000;

/** Opens the data directory. Throws a `startup` Fault that says what to do when it cannot be used. */
export async function openEmbedded(options: EmbeddedOptions): Promise<EmbeddedBroker> {
  const { directory, clock, log, fs = nodeFileSystem, readOnly = false, sync = true } = options;
  const { maxRecordBytes = 4 << 20, partitions: usual = 4 } = options;
  const data = await openDirectory({
    fs,
    directory,
    readOnly,
    clock,
    findProcess: options.findProcess ?? findProcess,
  });
  let corrupt = 0;
  let store: Store | undefined;
  let journal: Journal;
  let catalogue: Catalogue;
  try {
    await refuseDamaged(options, fs, data);
    store = openStore({ directory: data.state, readOnly });
    catalogue = new Catalogue(store);
    // LMDB syncs its file and never the name of it.
    if (!readOnly) await fs.syncDirectory(data.state);
    journal = await Journal.open({
      fs,
      directory: data.journal,
      salt: data.salt,
      log,
      readOnly,
      onCorrupt: (fault) => {
        corrupt++;
        log.error(fault.message, { code: fault.code });
      },
      clock,
      segmentBytes: options.segmentBytes ?? 64 << 20,
      retentionMs: options.retentionMs ?? 72 * 3_600_000,
      ...(options.retentionBytes !== undefined && { retentionBytes: options.retentionBytes }),
      unread: (stream) => catalogue.slowest(stream),
      sync,
      tailCacheBytes: options.tailCacheBytes ?? 8 << 20,
      queueBytes: options.queueBytes ?? 64 << 20,
    });
  } catch (thrown) {
    await store?.close();
    await data.unlock();
    throw startupFault(directory, thrown);
  }
  const opened = store;
  try {
    // A reader beside a running process sees the two at different moments.
    if (!readOnly) refuseForeign(catalogue, journal, data.state);
  } catch (thrown) {
    await journal.close();
    await opened.close();
    await data.unlock();
    throw thrown;
  }
  const groups = new Map<string, Group>();
  let closing: Promise<void> | undefined;

  // Only a log that was not synced, or a damaged disk, is behind its commits. Offsets that were once given are not given again.
  for (const { name, partitions } of catalogue.topics()) {
    for (let partition = 0; partition < partitions; partition++) {
      const committed = catalogue.highestCommit(name, partition);
      if (!journal.raise(catalogue.stream(name, partition), committed)) continue;
      log.warn(`${name}/${partition} ends below a commit: records up to offset ${committed} are lost; going on there`);
    }
  }

  let cancelExpiry: () => void = () => undefined;
  const expireLater = () => {
    cancelExpiry = clock.after(
      EXPIRE_EVERY_MS,
      () => {
        void journal.expire().finally(() => {
          if (closing === undefined) expireLater();
        });
      },
      { background: true },
    );
  };
  if (!readOnly) expireLater();

  const alive = () => {
    if (closing !== undefined) throw new Fault("aborted", "the log is closed");
  };
  const append = async (topic: string, partition: number, records: readonly NewRecord[], check: () => void) => {
    alive();
    if (readOnly) throw new Fault("unsupported", "the data directory was opened for reading only");
    const stream = catalogue.stream(topic, partition);
    let bytes = 0;
    for (const { value } of records) {
      const length = valueBytes(value);
      bytes += length;
      if (length > maxRecordBytes) {
        throw new Fault("too_large", `a record of ${length} B exceeds maxRecordBytes ${maxRecordBytes}`);
      }
    }
    if (bytes > maxRecordBytes * RECORDS_PER_APPEND) {
      throw new Fault(
        "too_large",
        `an append of ${bytes} B exceeds ${RECORDS_PER_APPEND} times maxRecordBytes ${maxRecordBytes}`,
      );
    }
    if (records.length === 0) return { baseOffset: journal.watermarks(stream).high, timestamp: clock.now() };
    return await journal.append(stream, records.map(wholeRecord), check);
  };
  const appendedByTopic = () => {
    const topics = new Map<string, { records: number; bytes: number }>();
    for (const { name, partitions } of catalogue.topics()) {
      const sum = { records: 0, bytes: 0 };
      for (let partition = 0; partition < partitions; partition++) {
        const grown = journal.appended(catalogue.stream(name, partition));
        sum.records += grown.records;
        sum.bytes += grown.bytes;
      }
      topics.set(name, sum);
    }
    return topics;
  };
  const groupOf = (name: string): Group => {
    const known = groups.get(name);
    if (known !== undefined) return known;
    const { spec, registered } = catalogue.group(name);
    const { topic } = spec;
    const made = new Group(registered.length, (partition, generation, revoked) => {
      const committed = catalogue.committed(name, partition);
      const first = registered[partition] ?? 0;
      return makeClaim({
        group: name,
        topic,
        partition,
        generation,
        start: committed === undefined ? { registered: first } : { registered: first, committed },
        revoked,
        stream: catalogue.stream(topic, partition),
        journal,
        onLoss: (loss) => {
          log.error(describeLoss(loss), { group: name, topic, partition, lost: loss.to - loss.from });
          options.onLoss?.(loss);
        },
        append,
        commit: (offset, state, check) => catalogue.commit(name, partition, offset, state, check),
      });
    });
    groups.set(name, made);
    return made;
  };
  const firstOffset = async (stream: number, start: GroupStart) => {
    const { low, high } = journal.watermarks(stream);
    if (start === "earliest") return low;
    return start === "latest" ? high : await journal.offsetAt(stream, start.since);
  };

  return {
    maxRecordBytes,
    state: stateStore(opened, STATE_PREFIX),
    stats: () => ({ ...journal.size(), corrupt, syncs: journal.syncs, appended: appendedByTopic() }),
    async ensureTopics(topics) {
      alive();
      return await Promise.all(topics.map(({ name, partitions }) => catalogue.ensureTopic(name, partitions, usual)));
    },
    async registerGroup(spec: GroupSpec) {
      alive();
      if (!catalogue.hasGroup(spec.group)) {
        const { partitions } = catalogue.topic(spec.topic);
        const start = spec.start ?? (catalogue.isFresh(spec.topic) ? "earliest" : "latest");
        const streams = Array.from({ length: partitions }, (_, index) => catalogue.stream(spec.topic, index));
        await catalogue.register(spec, await Promise.all(streams.map((stream) => firstOffset(stream, start))));
      }
      return catalogue.position(spec.group);
    },
    async groups() {
      return catalogue.groups().map(({ spec }) => spec);
    },
    async position(group) {
      return catalogue.position(group);
    },
    async join(spec, onClaim, onFailure) {
      alive();
      const { topic } = catalogue.group(spec.group).spec;
      if (topic !== spec.topic) throw new Fault("config", `group ${spec.group} reads ${topic}, not ${spec.topic}`);
      return await groupOf(spec.group).join(onClaim, onFailure);
    },
    append: (topic, partition, records) => append(topic, partition, records, alive),
    async read(topic, partition, offset, maxBytes) {
      alive();
      return await journal.read(catalogue.stream(topic, partition), offset, maxBytes);
    },
    async watermarks(topic, partition) {
      return journal.watermarks(catalogue.stream(topic, partition));
    },
    async ranges(topics) {
      const rangesOf = (topic: string) => {
        const { partitions, firstStream } = catalogue.topic(topic);
        return Array.from({ length: partitions }, (_, partition) => journal.watermarks(firstStream + partition));
      };
      return new Map(topics.map((topic) => [topic, rangesOf(topic)]));
    },
    async partitions(topic) {
      return catalogue.topic(topic).partitions;
    },
    close() {
      closing ??= (async () => {
        cancelExpiry();
        try {
          await Promise.all([...groups.values()].map((group) => group.close()));
          await journal.close();
        } finally {
          await opened.close();
          await data.unlock();
        }
      })();
      return closing;
    },
  };
}

/**
 * LMDB would end the process over a file that is none of its own. Throws `startup`. Where nothing was ever appended, a crash has
 * interrupted the making of the file, and it is made again.
 */
async function refuseDamaged(options: EmbeddedOptions, fs: FileSystem, data: DataDirectory): Promise<void> {
  const path = join(data.state, "data.mdb");
  const problem = await storeHeadProblem(fs, path);
  if (problem === undefined) return;
  if (options.readOnly !== true && !(await fs.list(data.journal)).some((name) => numberOf(name) !== undefined)) {
    options.log.warn(`${path} is removed: ${problem}, and nothing was ever appended; a crash interrupted its making`);
    await fs.unlink(path);
    return;
  }
  throw new Fault(
    "startup",
    `${path} cannot be used: ${problem}; put back the whole data directory from a copy, or choose an empty one with --data`,
  );
}

/** Streams that no topic names belong to topics that are forgotten: new ones would get their records. Throws `startup`. */
function refuseForeign(catalogue: Catalogue, journal: Journal, state: string): void {
  const known = catalogue.topics().reduce((most, topic) => Math.max(most, topic.firstStream + topic.partitions), 0);
  if (journal.streams <= known) return;
  throw new Fault(
    "startup",
    `the journal beside ${state} holds ${journal.streams} partitions, ${state} knows of ${known}: they are not of one data directory; put both back from one copy, or choose an empty one with --data`,
  );
}
