/**
 * A member of a Kafka consumer group. Joining, heartbeats and commits run on their own, whatever the claims do. A rebalance
 * takes only the partitions that must move: the member goes on with the others while it joins again, and gives up a moving one
 * before it may be given to anybody else (`sharePartitions`). Whoever loses its membership – it slept, or was thrown out –
 * loses every claim at once and joins anew.
 */
import { type Clock, Fault, type Log, sleep } from "@rondo/core";
import type { Claim, ClaimStart, GroupSpec, Member } from "../log.ts";
import { type ClaimWriter, makeClaim } from "./claim.ts";
import type { Cluster } from "./cluster.ts";
import { Feed } from "./feed.ts";
import { Fetcher } from "./fetcher.ts";
import {
  PROTOCOL_NAME,
  readAssignment,
  readSubscription,
  sharePartitions,
  writeAssignment,
  writeSubscription,
} from "./group-protocol.ts";
import { type Failure, failureOf, faultOf } from "./kafka-fault.ts";
import type { KafkajsNode } from "./kafkajs-node.ts";
import { Lease } from "./lease.ts";
import type { NodePool } from "./node-pool.ts";
import { OffsetCommitter } from "./offset-committer.ts";
import { pauseAfter, persist } from "./persist.ts";

/** Times of membership, milliseconds. */
export interface MemberTimes {
  /** Without a heartbeat for so long the broker takes a member's partitions away. */
  readonly sessionMs: number;
  readonly heartbeatMs: number;
  /** How long a rebalance waits for members that have not joined again; not below `sessionMs`. */
  readonly rebalanceMs: number;
}

/** What a member is made with. */
export interface MemberOptions extends MemberTimes {
  readonly spec: GroupSpec;
  /** First offset by partition. */
  readonly registered: readonly number[];
  readonly cluster: Cluster;
  readonly clock: Clock;
  readonly log: Log;
  readonly writer: ClaimWriter;
  readonly onClaim: (claim: Claim) => Promise<void>;
  readonly onFailure: (fault: Error) => void;
}

/** A first join that fails for so long is given up, milliseconds: its caller decides what to do without a broker. */
const FIRST_JOIN_MS = 10_000;
/** How long committed offsets are asked for, milliseconds. */
const OFFSETS_MS = 60_000;
/** How long a commit is tried, milliseconds. */
const COMMIT_MS = 5_000;
/**
 * Heartbeats while partitions move, which is when a member hears that it must join again, and for how long at most.
 * Milliseconds.
 */
const ATTENTIVE_MS = 50;
const ATTENTIVE_FOR_MS = 3_000;

interface Held {
  readonly partition: number;
  readonly stop: AbortController;
  /** False when nothing may be written in its name any more. */
  alive: boolean;
  feed?: Feed;
}

/** One membership, from `join` to `leave` or its failure. */
export class GroupMember implements Member {
  readonly #options: MemberOptions;
  readonly #fetcher: Fetcher;
  readonly #joins: NodePool;
  readonly #lease: Lease;
  readonly #commits: OffsetCommitter;
  readonly #held = new Map<number, Held>();
  readonly #serving = new Set<Promise<void>>();
  readonly #ending = new AbortController();
  readonly #first = Promise.withResolvers<void>();
  #assigned: ReadonlySet<number> = new Set();
  #memberId = "";
  #generation = -1;
  #hasJoined = false;
  /** Until then, on the monotonic clock, the next join is expected at any moment. */
  #attentiveUntil = 0;
  #mustRejoin = false;
  /** Interrupts the pause between heartbeats. */
  #nudge = new AbortController();
  /** Open while the group is being joined; commits wait for it. */
  #joining = Promise.withResolvers<void>();
  #isTroubled = false;
  readonly #running: Promise<void>;

  constructor(options: MemberOptions) {
    this.#options = options;
    const { cluster, clock, log, spec, sessionMs } = options;
    this.#joins = cluster.pool();
    this.#lease = new Lease(clock, sessionMs);
    this.#commits = new OffsetCommitter((offsets) => this.#sendOffsets(offsets));
    this.#fetcher = new Fetcher({
      group: spec.group,
      cluster,
      clock,
      log,
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

  /** Gives up every claim, waits for what runs on them, and leaves the group. */
  async leave(): Promise<void> {
    this.#ending.abort();
    this.#nudge.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    try {
      while (!this.#ending.signal.aborted) {
        await this.#join();
        await this.#beat();
      }
    } catch (thrown) {
      this.#fail(Fault.from(thrown));
    }
    await this.#end();
  }

  #fail(fault: Fault): void {
    if (this.#ending.signal.aborted) return;
    this.#ending.abort();
    this.#nudge.abort();
    if (this.#hasJoined) this.#options.onFailure(fault);
    else this.#first.reject(fault);
  }

  // Joining.

  async #join(): Promise<void> {
    const { clock, spec } = this.#options;
    const began = clock.monotonic();
    this.#mustRejoin = false;
    const gate = Promise.withResolvers<void>();
    this.#joining = gate;
    for (let tries = 0; !this.#ending.signal.aborted; tries++) {
      try {
        await this.#joinOnce();
        break;
      } catch (thrown) {
        const failure = failureOf(thrown);
        const isLate = !this.#hasJoined && clock.monotonic() - began > FIRST_JOIN_MS;
        if (failure.remedy === "never" || isLate) throw faultOf(failure, `joining group ${spec.group}`, thrown);
        this.#heed(failure, thrown);
      }
      if (!this.#lease.isValid) this.#lose();
      await sleep(clock, pauseAfter(tries), this.#ending.signal);
    }
    gate.resolve();
    if (this.#ending.signal.aborted) return;
    this.#hasJoined = true;
    this.#first.resolve();
    this.#reconcile();
  }

  async #joinOnce(): Promise<void> {
    const { cluster, spec, sessionMs, rebalanceMs, registered } = this.#options;
    const { group, topic } = spec;
    const coordinator = await cluster.coordinator(group);
    const owned = [...this.#held.values()].filter(({ alive }) => alive).map(({ partition }) => partition);
    const metadata = writeSubscription(topic, { generation: this.#generation, owned });
    const joined = await this.#beatingMeanwhile(
      cluster.with(this.#joins, coordinator, (node) =>
        node.joinGroup({
          groupId: group,
          memberId: this.#memberId,
          sessionTimeout: sessionMs,
          rebalanceTimeout: rebalanceMs,
          protocolType: "consumer",
          groupProtocols: [{ name: PROTOCOL_NAME, metadata }],
        }),
      ),
    );
    this.#memberId = joined.memberId;
    const { generationId: generation, memberId } = joined;
    const isLeader = joined.leaderId === memberId;
    const holdings = joined.members.map((one) => readSubscription(one.memberId, one.memberMetadata));
    const shares = isLeader ? sharePartitions(holdings, registered.length) : new Map<string, readonly number[]>();
    const given = [...shares.values()].reduce((sum, share) => sum + share.length, 0);
    const groupAssignment = [...shares].map(([id, partitions]) => ({
      memberId: id,
      memberAssignment: writeAssignment(topic, { partitions, moving: given < registered.length }),
    }));
    const sentAt = this.#lease.now();
    const synced = await cluster.with(this.#joins, coordinator, (node) =>
      node.syncGroup({ groupId: group, generationId: generation, memberId, groupAssignment }),
    );
    this.#lease.renew(sentAt);
    this.#generation = generation;
    const { partitions, moving } = readAssignment(topic, synced.memberAssignment);
    this.#assigned = new Set(partitions);
    this.#attentiveUntil = moving ? this.#options.clock.monotonic() + ATTENTIVE_FOR_MS : 0;
    this.#recovered();
  }

  /** A join may wait for the slowest member; heartbeats go on, on another socket, or claims that stay would lose their lease. */
  async #beatingMeanwhile<T>(joining: Promise<T>): Promise<T> {
    const { clock, heartbeatMs } = this.#options;
    const done = new AbortController();
    const beats = async () => {
      while (!done.signal.aborted && this.#memberId !== "") {
        await sleep(clock, heartbeatMs, done.signal);
        if (done.signal.aborted) return;
        const sentAt = this.#lease.now();
        // Any other answer is the join's to understand.
        const renewed = await this.#heartbeat().then(
          () => true,
          (thrown) => failureOf(thrown).remedy === "rejoin",
        );
        if (renewed) this.#lease.renew(sentAt);
      }
    };
    void beats();
    try {
      return await joining;
    } finally {
      done.abort();
    }
  }

  // Staying.

  async #beat(): Promise<void> {
    const { clock, heartbeatMs } = this.#options;
    while (!this.#ending.signal.aborted && !this.#mustRejoin) {
      this.#nudge = new AbortController();
      const isAttentive = clock.monotonic() < this.#attentiveUntil;
      await sleep(clock, isAttentive ? Math.min(ATTENTIVE_MS, heartbeatMs) : heartbeatMs, this.#nudge.signal);
      if (this.#ending.signal.aborted || this.#mustRejoin) return;
      if (!this.#lease.isValid) return this.#lose();
      if (!(await this.#beatOnce())) return;
    }
  }

  /** False when the group must be joined again. */
  async #beatOnce(): Promise<boolean> {
    const sentAt = this.#lease.now();
    try {
      await this.#heartbeat();
      this.#lease.renew(sentAt);
      this.#recovered();
      return true;
    } catch (thrown) {
      const failure = failureOf(thrown);
      const { group } = this.#options.spec;
      if (failure.remedy === "never") throw faultOf(failure, `staying in group ${group}`, thrown);
      if (failure.remedy === "rejoin") this.#lease.renew(sentAt);
      this.#heed(failure, thrown);
      return failure.remedy === "again" || failure.remedy === "leader" || failure.remedy === "coordinator";
    }
  }

  async #heartbeat(): Promise<void> {
    const { group } = this.#options.spec;
    await this.#ask((node) =>
      node.heartbeat({ groupId: group, groupGenerationId: this.#generation, memberId: this.#memberId }),
    );
  }

  async #ask<T>(use: (node: KafkajsNode) => Promise<T>): Promise<T> {
    const { cluster, spec } = this.#options;
    return await cluster.with(cluster.memberships, await cluster.coordinator(spec.group), use);
  }

  /** Does what a failure calls for, and says once that there is trouble. */
  #heed({ remedy, name }: Failure, thrown: unknown): void {
    const { cluster, log, spec } = this.#options;
    const { group } = spec;
    if (remedy === "rejoin") return;
    if (remedy === "expelled") this.#memberId = "";
    if (remedy === "expelled" || remedy === "fenced") {
      log.warn("the group went on without this member; joining it again", { group, reason: name });
      this.#lose();
      return;
    }
    if (remedy !== "again") cluster.forgetCoordinator(group);
    if (!this.#isTroubled) {
      const fault = faultOf(failureOf(thrown), `reaching the coordinator of group ${group}`, thrown);
      log.warn("the group's coordinator does not answer; trying again until it does", { group, fault });
    }
    this.#isTroubled = true;
  }

  #recovered(): void {
    const { log, spec } = this.#options;
    if (this.#isTroubled) log.info("the group's coordinator answers again", { group: spec.group });
    this.#isTroubled = false;
  }

  /** Every claim is lost: its reader may write nothing more, and is told to end. */
  #lose(): void {
    this.#lease.end();
    this.#assigned = new Set();
    for (const held of this.#held.values()) {
      held.alive = false;
      revoke(held);
    }
  }

  #rejoin(): void {
    this.#mustRejoin = true;
    this.#nudge.abort();
  }

  // Claims.

  /** Begins what was given and is not held, ends what is held and was not given. */
  #reconcile(): void {
    const added = [...this.#assigned].filter((partition) => !this.#held.has(partition));
    for (const held of this.#held.values()) if (!this.#assigned.has(held.partition)) revoke(held);
    if (added.length === 0) return;
    const offsets = this.#committedOffsets(added);
    // Each of its readers waits for it, and says what it met; before that nobody else does.
    offsets.catch(() => undefined);
    for (const partition of added) {
      const held: Held = { partition, stop: new AbortController(), alive: true };
      this.#held.set(partition, held);
      const serving = this.#serve(held, this.#generation, offsets).finally(() => this.#serving.delete(serving));
      this.#serving.add(serving);
    }
  }

  async #serve(held: Held, generation: number, offsets: Promise<ReadonlyMap<number, number>>): Promise<void> {
    const { partition, stop } = held;
    const thrown = await outcome(async () => {
      const committed = (await offsets).get(partition);
      if (stop.signal.aborted) return;
      await this.#options.onClaim(this.#open(held, generation, committed));
    });
    held.alive = false;
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
    else this.#rejoin();
  }

  #open(held: Held, generation: number, committed: number | undefined): Claim {
    const { spec, registered, writer } = this.#options;
    const { topic, group } = spec;
    const { partition, stop } = held;
    const first = registered[partition] ?? 0;
    const start: ClaimStart = committed === undefined ? { registered: first } : { registered: first, committed };
    this.#commits.begin(partition, committed);
    const feed = new Feed(topic, partition, committed ?? first, (one) => this.#fetcher.hungry(one));
    held.feed = feed;
    this.#fetcher.add(feed);
    const check = () => {
      if (held.alive && this.#lease.isValid) return;
      if (held.alive) {
        // Nobody will tell us: this process slept, or the broker does not answer.
        this.#lose();
        this.#rejoin();
      }
      throw new Fault("aborted", `group ${group}: partition ${partition} of ${topic} was taken away`);
    };
    return makeClaim({
      topic,
      partition,
      generation,
      start,
      revoked: stop.signal,
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
    return await persist(how, () => this.#ask((node) => committedOffsets(node, spec, partitions)));
  }

  /** Commits in the generation of the moment, after a join that is under way. */
  async #sendOffsets(offsets: ReadonlyMap<number, number>): Promise<void> {
    const { clock, spec, cluster } = this.#options;
    const { group, topic } = spec;
    const partitions = [...offsets].map(([partition, offset]) => ({ partition, offset }));
    const onFailure = ({ remedy }: Failure) => {
      if (remedy !== "again") cluster.forgetCoordinator(group);
    };
    await persist({ clock, doing: `committing for group ${group}`, deadlineMs: COMMIT_MS, onFailure }, async () => {
      await this.#joining.promise;
      const generation = this.#generation;
      try {
        await this.#ask((node) =>
          node.offsetCommit({
            groupId: group,
            groupGenerationId: generation,
            memberId: this.#memberId,
            topics: [{ topic, partitions }],
          }),
        );
      } catch (thrown) {
        const { remedy, name } = failureOf(thrown);
        // The group is between two generations, and so is this commit.
        const isBetween = remedy === "rejoin" || (remedy === "fenced" && generation !== this.#generation);
        throw isBetween ? new Fault("unavailable", name) : thrown;
      }
    });
  }

  // Leaving.

  async #end(): Promise<void> {
    const { clock, log, spec, heartbeatMs } = this.#options;
    this.#joining.resolve();
    for (const held of this.#held.values()) revoke(held);
    const ended = new AbortController();
    void Promise.all(this.#serving).then(() => ended.abort());
    // What runs on the claims may still commit: the membership lasts until it has returned.
    while (!ended.signal.aborted) {
      await sleep(clock, heartbeatMs, ended.signal);
      if (ended.signal.aborted) break;
      const sentAt = this.#lease.now();
      await this.#heartbeat().then(
        () => this.#lease.renew(sentAt),
        () => undefined,
      );
    }
    this.#lease.end();
    if (this.#memberId !== "") {
      const { group } = spec;
      await this.#ask((node) => node.leaveGroup({ groupId: group, memberId: this.#memberId })).catch((thrown) =>
        log.debug("the group was not told that this member leaves", {
          group,
          fault: Fault.from(thrown, "unavailable"),
        }),
      );
    }
    await Promise.all([this.#fetcher.close(), this.#joins.close()]);
    // For a caller that left before it had joined.
    this.#first.resolve();
  }
}

/** Tells a claim's reader to end. */
function revoke({ stop, feed }: Held): void {
  stop.abort();
  feed?.close();
}

/** A group's commits, of the partitions that have one. Rejects with kafkajs's errors. */
export async function committedOffsets(
  node: KafkajsNode,
  { group, topic }: GroupSpec,
  partitions: readonly number[],
): Promise<ReadonlyMap<number, number>> {
  const topics = [{ topic, partitions: partitions.map((partition) => ({ partition })) }];
  const { responses } = await node.offsetFetch({ groupId: group, topics });
  const found = responses.flatMap((response) => response.partitions);
  return new Map(
    found.map(({ partition, offset }) => [partition, Number(offset)] as const).filter(([, offset]) => offset >= 0),
  );
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
