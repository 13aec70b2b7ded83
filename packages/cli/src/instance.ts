/**
 * One process per instance name on a shared log. The name is what a process keeps its counts under and what its Kafka
 * clients are called; two at once would count into one account and throw each other's members out. Rules of the log 12.
 */
import { escapeName, type StateStore } from "@rondo/broker";
import type { FindProcess, ProcessIdentity } from "@rondo/broker/embedded";
import { type Clock, Fault, type Log, sleep } from "@rondo/core";
import { Recurring } from "@rondo/delivery";

/** How often the holder of a name says that it lives, milliseconds. */
const BEAT_MS = 1_000;

/** A holder that has been silent for this long is gone, milliseconds. */
const SILENCE_MS = 2_500;

/** How often a holder on this machine is looked for that is expected to end, milliseconds. */
const LOOK_MS = 100;

/** What a name is held with. */
export interface InstanceOptions {
  readonly state: StateStore;
  readonly instance: string;
  /** The name of this machine; pids mean something on it alone. */
  readonly host: string;
  /** The pid of this process, and a way to look one up on this machine. */
  readonly pid: number;
  readonly findProcess: FindProcess;
  readonly clock: Clock;
  readonly log: Log;
  readonly abort: AbortSignal;
}

/** A name that is held. */
export interface HeldInstance {
  /** Whether somebody had the name before and did not give it back: what it left in the groups is to be removed. */
  readonly succeeds: boolean;
  /** Gives the name back. */
  release(): Promise<void>;
}

interface Entry extends ProcessIdentity {
  readonly host: string;
  readonly beat: number;
}

/**
 * Takes the name. What was started at the same moment, or has slept while another took its name, is found out by the signs of
 * life, and said. Throws a `startup` Fault that names the holder when another process has it, and Faults of the store. */
export async function holdInstance(options: InstanceOptions): Promise<HeldInstance> {
  const { state, instance, host, pid, findProcess, clock, log } = options;
  const key = `instances/${escapeName(instance)}`;
  const before = readEntry(await state.get(key));
  if (before !== undefined && (await isAlive(before, key, options))) {
    throw new Fault(
      "startup",
      `instance name ${instance} is in use by pid ${before.pid} on ${before.host}: stop that process, or start this one with ` +
        "--instance and another name",
    );
  }
  const self = (await findProcess(pid)) ?? { pid, started: "", boot: "" };
  let beat = 0;
  const write = () => state.put([{ key, value: Buffer.from(JSON.stringify({ ...self, host, beat: beat++ })) }]);
  const others = new Recurring(log, clock, "error");
  const beatOnce = async () => {
    const standing = readEntry(await state.get(key));
    const isOther = standing !== undefined && (standing.host !== host || standing.pid !== pid);
    if (isOther) {
      const { pid: other, host: there } = standing;
      const both =
        "two processes have one instance name, and their counts are mixed: give each its own with --instance";
      others.happened(both, { instance, pid: other, host: there });
    } else others.over("the instance name belongs to this process alone", { instance });
    await write();
  };
  await write();
  let cancel: () => void = () => undefined;
  let writing: Promise<void> = Promise.resolve();
  const beatLater = () => {
    cancel = clock.after(
      BEAT_MS,
      () => {
        writing = beatOnce()
          // A store that is away takes no other process's beat either.
          .catch((thrown: unknown) =>
            log.debug("the instance's sign of life was not written", { fault: Fault.from(thrown) }),
          )
          .finally(() => {
            if (!released) beatLater();
          });
      },
      { background: true },
    );
  };
  let released = false;
  beatLater();
  return {
    succeeds: before !== undefined,
    async release() {
      released = true;
      cancel();
      await writing;
      await state.put([{ key, value: null }]);
    },
  };
}

/** On this machine the system knows; of another one, whether it still gives signs of life. */
async function isAlive(entry: Entry, key: string, options: InstanceOptions): Promise<boolean> {
  const { state, host, pid, findProcess, clock, abort } = options;
  const self = await findProcess(pid);
  if (entry.host === host && entry.boot !== "" && entry.boot === self?.boot) {
    const isThere = async () => (await findProcess(entry.pid))?.started === entry.started;
    // One that was killed a moment ago may still be about to end.
    const end = clock.monotonic() + SILENCE_MS;
    while (entry.pid !== pid && (await isThere())) {
      if (clock.monotonic() >= end || abort.aborted) return true;
      await sleep(clock, LOOK_MS, abort);
    }
    return false;
  }
  await sleep(clock, SILENCE_MS, abort);
  return readEntry(await state.get(key))?.beat !== entry.beat;
}

function readEntry(value: Uint8Array | undefined): Entry | undefined {
  if (value === undefined) return undefined;
  try {
    // Written by `holdInstance` above.
    return JSON.parse(Buffer.from(value).toString()) as Entry;
  } catch {
    return undefined;
  }
}
