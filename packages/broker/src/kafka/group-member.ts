/**
 * A member of a Kafka consumer group: the claims on what its session was given. A rebalance takes only the partitions that
 * must move: the member goes on with the others while it joins again, and gives up a moving one before it may be given to
 * anybody else (`sharePartitions`). Whoever loses its membership – it slept, or was thrown out – loses every claim at once
 * and joins anew.
 */
import { type Clock, Fault, type Log } from "@rondo/core";
import type { Claim, ClaimStart, GroupSpec, Member } from "../log.ts";
import type { Loss } from "../loss.ts";
import { type ClaimWriter, makeClaim } from "./claim.ts";
import type { Cluster } from "./cluster.ts";
import { Feed } from "./feed.ts";
import { Fetcher } from "./fetcher.ts";
import { GroupSession, type MemberTimes } from "./group-session.ts";
import type { Failure } from "./kafka-fault.ts";
import type { KafkajsNode } from "./kafkajs-node.ts";
import { OffsetCommitter } from "./offset-committer.ts";
import { persist } from "./persist.ts";

/** What a member is made with. */
export interface MemberOptions extends MemberTimes {
  readonly spec: GroupSpec;
  /** First offset by partition. */
  readonly registered: readonly number[];
  readonly cluster: Cluster;
  readonly clock: Clock;
  readonly log: Log;
  readonly writer: ClaimWriter;
  readonly onLoss?: (loss: Loss) => void;
  readonly onUnreadable?: (topic: string) => void;
  readonly onClaim: (claim: Claim) => Promise<void>;
  readonly onFailure: (fault: Error) => void;
  /** What to write down with a commit of the partition, up to NOTE_CHARACTERS: true for every offset that was asked for so far. */
  readonly note?: (partition: number) => string | undefined;
}

/** Kafka's `offset.metadata.max.bytes` as it is shipped: a commit with a longer note is refused. */
export const NOTE_CHARACTERS = 4_096;

/** How long committed offsets are asked for, milliseconds. */
const OFFSETS_MS = 60_000;
/** How long a commit is tried, milliseconds. */
const COMMIT_MS = 5_000;

/** How long the reader of a partition that moves may take to end, milliseconds. */
const GIVE_UP_MS = 5_000;

interface Held {
  readonly partition: number;
  readonly stop: AbortController;
  /** Fires when nothing may be written in its name any more. */
  readonly lost: AbortController;
  feed?: Feed;
  /** To be called when its reader has ended in time. */
  ended?: () => void;
}

/** One membership, from `join` to `leave` or its failure. */
export class GroupMember implements Member {
  readonly #options: MemberOptions;
  readonly #session: GroupSession;
  readonly #fetcher: Fetcher;
  readonly #commits: OffsetCommitter;
  readonly #held = new Map<number, Held>();
  readonly #serving = new Set<Promise<void>>();
  readonly #ending = new AbortController();
  readonly #first = Promise.withResolvers<void>();
  #assigned: ReadonlySet<number> = new Set();
  #hasJoined = false;
  readonly #running: Promise<void>;

  constructor(options: MemberOptions) {
    this.#options = options;
    const { cluster, clock, log, spec, registered } = options;
    this.#session = new GroupSession({
      ...options,
      partitions: registered.length,
      owned: () =>
        [...this.#held.values()].filter(({ lost }) => !lost.signal.aborted).map(({ partition }) => partition),
      assigned: (partitions) => {
        this.#assigned = partitions;
        this.#hasJoined = true;
        this.#first.resolve();
        this.#reconcile();
      },
      lost: () => this.#lose(),
    });
    this.#commits = new OffsetCommitter((offsets) => this.#sendOffsets(offsets));
    this.#fetcher = new Fetcher({
      group: spec.group,
      cluster,
      clock,
      log,
      ...(options.onLoss !== undefined && { onLoss: options.onLoss }),
      ...(options.onUnreadable !== undefined && { onUnreadable: options.onUnreadable }),
      onBroken: (feed, fault) => {
        if (this.#held.get(feed.partition)?.feed === feed) this.#fail(fault);
      },
    });
    this.#running = this.#run();
  }

  /** Resolves when the member has its first share. Rejects when it cannot join; then the membership has ended. */
  async joined(): Promise<void> {
    await this.#first.promise;
  }

  /** Resolves when the membership has ended, whatever ended it. */
  get ended(): Promise<void> {
    return this.#running;
  }

  /** While it joins for the first time it is none. */
  isMember(): boolean {
    return this.#hasJoined && this.#session.lease.isValid;
  }

  /** Gives up every claim, waits for what runs on them, and leaves the group. */
  async leave(): Promise<void> {
    this.#ending.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    try {
      await this.#session.run(this.#ending.signal);
    } catch (thrown) {
      this.#fail(Fault.from(thrown));
    }
    await this.#end();
  }

  #fail(fault: Fault): void {
    if (this.#ending.signal.aborted) return;
    this.#ending.abort();
    if (this.#hasJoined) this.#options.onFailure(fault);
    else this.#first.reject(fault);
  }

  /** Every claim is lost: its reader may write nothing more, and is told to end. */
  #lose(): void {
    this.#assigned = new Set();
    for (const held of this.#held.values()) {
      revoke(held);
      held.lost.abort();
    }
  }

  /** Begins what was given and is not held, ends what is held and was not given. */
  #reconcile(): void {
    const added = [...this.#assigned].filter((partition) => !this.#held.has(partition));
    for (const held of this.#held.values()) if (!this.#assigned.has(held.partition)) this.#giveUp(held);
    if (added.length === 0) return;
    const offsets = this.#committedOffsets(added);
    // Each of its readers waits for it, and says what it met; before that nobody else does.
    offsets.catch(() => undefined);
    for (const partition of added) {
      const held: Held = { partition, stop: new AbortController(), lost: new AbortController() };
      this.#held.set(partition, held);
      const serving = this.#serve(held, this.#session.generation, offsets).finally(() => this.#serving.delete(serving));
      this.#serving.add(serving);
    }
  }

  /** Ends a claim so that its partition can be given to another; a reader that does not end loses it nevertheless. */
  #giveUp(held: Held): void {
    if (held.stop.signal.aborted) return;
    revoke(held);
    const { clock, log, spec } = this.#options;
    const { partition } = held;
    held.ended = clock.after(GIVE_UP_MS, () => {
      log.warn("a partition was taken from a reader that does not end", { group: spec.group, partition });
      held.lost.abort();
      this.#session.rejoin();
    });
  }

  async #serve(held: Held, generation: number, offsets: Promise<ReadonlyMap<number, number>>): Promise<void> {
    const { partition, stop } = held;
    const thrown = await outcome(async () => {
      const committed = (await offsets).get(partition);
      if (stop.signal.aborted) return;
      await this.#options.onClaim(this.#open(held, generation, committed));
    });
    held.lost.abort();
    held.ended?.();
    if (held.feed !== undefined) {
      held.feed.close();
      this.#fetcher.remove(held.feed);
    }
    this.#held.delete(partition);
    if (!stop.signal.aborted) {
      return this.#fail(
        thrown ?? new Fault("bug", `the reader of partition ${partition} returned though it still holds it`),
      );
    }
    if (this.#ending.signal.aborted) return;
    // Given again while its last reader was ending; or free now, to be given to whoever shall have it.
    if (this.#assigned.has(partition)) this.#reconcile();
    else this.#session.rejoin();
  }

  #open(held: Held, generation: number, committed: number | undefined): Claim {
    const { spec, registered, writer } = this.#options;
    const { topic, group } = spec;
    const { partition, stop, lost } = held;
    const first = registered[partition] ?? 0;
    const start: ClaimStart = committed === undefined ? { registered: first } : { registered: first, committed };
    this.#commits.begin(partition, committed);
    const feed = new Feed(topic, partition, committed ?? first, (one) => this.#fetcher.hungry(one));
    held.feed = feed;
    this.#fetcher.add(feed);
    const check = () => {
      if (!lost.signal.aborted && this.#session.lease.isValid) return;
      if (!lost.signal.aborted) this.#session.lapse();
      throw new Fault("aborted", `group ${group}: partition ${partition} of ${topic} was taken away`);
    };
    return makeClaim({
      topic,
      partition,
      generation,
      start,
      revoked: stop.signal,
      lost: lost.signal,
      feed,
      check,
      writer,
      commitOffset: (offset, allowed) => this.#commits.commit(partition, offset, allowed),
    });
  }

  async #committedOffsets(partitions: readonly number[]): Promise<ReadonlyMap<number, number>> {
    const { clock, spec, cluster } = this.#options;
    const how = {
      clock,
      doing: `looking up the commits of group ${spec.group}`,
      deadlineMs: OFFSETS_MS,
      abort: this.#ending.signal,
      onFailure: () => cluster.forgetCoordinator(spec.group),
    };
    return await persist(how, () => this.#session.ask((node) => committedOffsets(node, spec, partitions)));
  }

  /** Commits in the generation of the moment, after a join that is under way. */
  async #sendOffsets(offsets: ReadonlyMap<number, number>): Promise<void> {
    const { clock, spec, cluster, note } = this.#options;
    const { group, topic } = spec;
    const partitions = [...offsets].map(([partition, offset]) => {
      const metadata = note?.(partition);
      return metadata === undefined ? { partition, offset } : { partition, offset, metadata };
    });
    const onFailure = ({ remedy }: Failure) => {
      if (remedy !== "again") cluster.forgetCoordinator(group);
    };
    await persist({ clock, doing: `committing for group ${group}`, deadlineMs: COMMIT_MS, onFailure }, async () => {
      await this.#session.settled;
      const { generation, memberId } = this.#session;
      try {
        await this.#session.ask((node) =>
          node.offsetCommit({
            groupId: group,
            groupGenerationId: generation,
            memberId,
            topics: [{ topic, partitions }],
          }),
        );
      } catch (thrown) {
        throw this.#session.refused(generation, thrown);
      }
    });
  }

  async #end(): Promise<void> {
    for (const held of this.#held.values()) revoke(held);
    const ended = new AbortController();
    void Promise.all(this.#serving).then(() => ended.abort());
    // What runs on the claims may still commit: the membership lasts until it has returned.
    await this.#session.outlast(ended.signal);
    await Promise.all([this.#session.leave(), this.#fetcher.close()]);
    // For a caller that left before it had joined.
    this.#first.resolve();
  }
}

/** Tells a claim's reader to end. */
function revoke({ stop, feed }: Held): void {
  stop.abort();
  feed?.close();
}

/** A commit as it stands with the coordinator. */
export interface Commit {
  readonly offset: number;
  /** What was written down with it; empty when nothing was. */
  readonly note: string;
}

/** A group's commits, of the partitions that have one. Rejects with kafkajs's errors. */
export async function commitsOf(
  node: KafkajsNode,
  { group, topic }: GroupSpec,
  partitions: readonly number[],
): Promise<ReadonlyMap<number, Commit>> {
  const topics = [{ topic, partitions: partitions.map((partition) => ({ partition })) }];
  const { responses } = await node.offsetFetch({ groupId: group, topics });
  const found = responses.flatMap((response) => response.partitions);
  const commits = found.map(
    ({ partition, offset, metadata }) => [partition, { offset: Number(offset), note: metadata ?? "" }] as const,
  );
  return new Map(commits.filter(([, { offset }]) => offset >= 0));
}

/** The offsets of `commitsOf`. */
export async function committedOffsets(
  node: KafkajsNode,
  spec: GroupSpec,
  partitions: readonly number[],
): Promise<ReadonlyMap<number, number>> {
  const commits = await commitsOf(node, spec, partitions);
  return new Map([...commits].map(([partition, { offset }]) => [partition, offset]));
}

/** What `run` threw, as a Fault; undefined when it returned. */
async function outcome(run: () => Promise<void>): Promise<Fault | undefined> {
  try {
    await run();
    return undefined;
  } catch (thrown) {
    return Fault.from(thrown);
  }
}
