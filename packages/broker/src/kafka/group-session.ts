/**
 * A member's session with the group's coordinator: joining, heartbeats, leaving, and the lease that they keep. It runs on its
 * own, whatever the member's claims do; nothing of it waits for a fetch or a reader.
 */
import { type Clock, Fault, type Log, sleep } from "@rondo/core";
import type { GroupSpec } from "../log.ts";
import type { Cluster } from "./cluster.ts";
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
import { pauseAfter } from "./persist.ts";

/** Times of membership, milliseconds. */
export interface MemberTimes {
  /** Without a heartbeat for so long the broker takes a member's partitions away. */
  readonly sessionMs: number;
  readonly heartbeatMs: number;
  /** How long a rebalance waits for members that have not joined again; not below `sessionMs`. */
  readonly rebalanceMs: number;
}

/** What a session is made with. */
export interface SessionOptions extends MemberTimes {
  readonly spec: GroupSpec;
  /** The number of partitions of the group's topic. */
  readonly partitions: number;
  readonly cluster: Cluster;
  readonly clock: Clock;
  readonly log: Log;
  /** The partitions that the member holds and will not give up before it says so. */
  readonly owned: () => readonly number[];
  /** The member was given these partitions; called after every join. */
  readonly assigned: (partitions: ReadonlySet<number>) => void;
  /** The membership is over: nothing that is held is the member's any more. */
  readonly lost: () => void;
}

/** A first join that fails for so long is given up, milliseconds: its caller decides what to do without a broker. */
const FIRST_JOIN_MS = 10_000;
/**
 * Heartbeats while partitions move, which is when a member hears that it must join again, and for how long at most.
 * Milliseconds.
 */
const ATTENTIVE_MS = 50;
const ATTENTIVE_FOR_MS = 3_000;

/** One membership, from the first join to the last heartbeat. */
export class GroupSession {
  readonly lease: Lease;
  readonly #options: SessionOptions;
  readonly #joins: NodePool;
  #memberId = "";
  #generation = -1;
  #hasJoined = false;
  /** Until then, on the monotonic clock, the next join is expected at any moment. */
  #attentiveUntil = 0;
  #mustRejoin = false;
  /** Interrupts the pause between heartbeats. */
  #nudge = new AbortController();
  #joining = Promise.withResolvers<void>();
  #isJoining = false;
  #isTroubled = false;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.lease = new Lease(options.clock, options.sessionMs);
    this.#joins = options.cluster.pool();
  }

  /** Grows with every reassignment; −1 before the first. */
  get generation(): number {
    return this.#generation;
  }

  /** What the coordinator knows this member by; empty when it does not. */
  get memberId(): string {
    return this.#memberId;
  }

  /** Resolves when no join is under way that keeps what is held. */
  get settled(): Promise<void> {
    return this.lease.isValid ? this.#joining.promise : Promise.resolve();
  }

  /** Joins and stays until `ending` fires. Throws the Fault for which it cannot. */
  async run(ending: AbortSignal): Promise<void> {
    ending.addEventListener("abort", () => this.#nudge.abort(), { once: true });
    try {
      while (!ending.aborted) {
        await this.#join(ending);
        await this.#beat(ending);
      }
    } finally {
      this.#joining.resolve();
    }
  }

  /** Has the group share its partitions again: something was given up. */
  rejoin(): void {
    this.#mustRejoin = true;
    this.#nudge.abort();
  }

  /** Gives up everything, and joins again: the lease has run out, and nobody will say so. */
  lapse(): void {
    this.#lose();
    this.rejoin();
  }

  /**
   * What to throw for something of `generation` that the coordinator refused. While a join is under way the group may have a newer one
   * of which this member has not heard, and keeps its claims: then it is to be said again. Otherwise the group went on without this
   * member, and its claims end now: whoever is told `aborted` believes that they have, and says nothing more.
   */
  refused(generation: number, thrown: unknown): unknown {
    const { remedy, name } = failureOf(thrown);
    const isBetween = remedy === "fenced" && (this.#isJoining || generation !== this.#generation);
    if (remedy === "rejoin" || isBetween) return new Fault("unavailable", name);
    if ((remedy === "fenced" || remedy === "expelled") && this.lease.isValid) this.lapse();
    return thrown;
  }

  /** Heartbeats until `done` fires, for claims that are ending. */
  async outlast(done: AbortSignal): Promise<void> {
    const { clock, heartbeatMs } = this.#options;
    while (!done.aborted) {
      await sleep(clock, heartbeatMs, done);
      if (!done.aborted) await this.#renew().catch(() => undefined);
    }
  }

  /** Tells the group that this member is gone, if it can be told, and closes its sockets. */
  async leave(): Promise<void> {
    const { log, spec } = this.#options;
    this.lease.end();
    if (this.#memberId !== "") {
      const { group } = spec;
      await this.ask((node) => node.leaveGroup({ groupId: group, memberId: this.#memberId })).catch((thrown) =>
        log.debug("the group was not told that this member leaves", {
          group,
          fault: Fault.from(thrown, "unavailable"),
        }),
      );
    }
    await this.#joins.close();
  }

  /** Asks the group's coordinator. Rejects with kafkajs's errors and Faults. */
  async ask<T>(use: (node: KafkajsNode) => Promise<T>): Promise<T> {
    const { cluster, spec } = this.#options;
    return await cluster.with(cluster.memberships, await cluster.coordinator(spec.group), use);
  }

  async #join(ending: AbortSignal): Promise<void> {
    const { clock, spec } = this.#options;
    const began = clock.monotonic();
    this.#mustRejoin = false;
    this.#isJoining = true;
    const gate = Promise.withResolvers<void>();
    this.#joining.resolve();
    this.#joining = gate;
    for (let tries = 0; !ending.aborted; tries++) {
      try {
        const partitions = await this.#joinOnce();
        this.#hasJoined = true;
        if (!ending.aborted) this.#options.assigned(partitions);
        break;
      } catch (thrown) {
        const failure = failureOf(thrown);
        const isLate = !this.#hasJoined && clock.monotonic() - began > FIRST_JOIN_MS;
        if (failure.remedy === "never" || isLate) throw faultOf(failure, `joining group ${spec.group}`, thrown);
        this.#heed(failure, thrown);
      }
      if (!this.lease.isValid) this.#lose();
      await sleep(clock, pauseAfter(tries), ending);
    }
    this.#isJoining = false;
    gate.resolve();
  }

  async #joinOnce(): Promise<ReadonlySet<number>> {
    const { cluster, spec, sessionMs, rebalanceMs, partitions: count } = this.#options;
    const { group, topic } = spec;
    const coordinator = await cluster.coordinator(group);
    const metadata = writeSubscription(topic, { generation: this.#generation, owned: this.#options.owned() });
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
    const shares = isLeader ? sharePartitions(holdings, count) : new Map<string, readonly number[]>();
    const given = [...shares.values()].reduce((sum, share) => sum + share.length, 0);
    const groupAssignment = [...shares].map(([id, partitions]) => ({
      memberId: id,
      memberAssignment: writeAssignment(topic, { partitions, moving: given < count }),
    }));
    const sentAt = this.lease.now();
    const synced = await cluster.with(this.#joins, coordinator, (node) =>
      node.syncGroup({ groupId: group, generationId: generation, memberId, groupAssignment }),
    );
    this.lease.renew(sentAt);
    this.#generation = generation;
    const { partitions, moving } = readAssignment(topic, synced.memberAssignment);
    this.#attentiveUntil = moving ? this.#options.clock.monotonic() + ATTENTIVE_FOR_MS : 0;
    this.#recovered();
    return new Set(partitions);
  }

  /** A join may wait for the slowest member; heartbeats go on, on another socket, or claims that stay would lose their lease. */
  async #beatingMeanwhile<T>(joining: Promise<T>): Promise<T> {
    const { clock, heartbeatMs } = this.#options;
    const done = new AbortController();
    const beats = async () => {
      while (!done.signal.aborted && this.#memberId !== "") {
        await sleep(clock, heartbeatMs, done.signal);
        if (done.signal.aborted) return;
        await this.#renew().catch((thrown) => {
          // A join that waits on a dead socket hears of it late; any other answer is the join's to understand.
          if (!done.signal.aborted && failureOf(thrown).remedy === "expelled") this.#lose();
        });
      }
    };
    void beats();
    try {
      return await joining;
    } finally {
      done.abort();
    }
  }

  async #beat(ending: AbortSignal): Promise<void> {
    const { clock, heartbeatMs } = this.#options;
    while (!ending.aborted && !this.#mustRejoin) {
      this.#nudge = new AbortController();
      const isAttentive = clock.monotonic() < this.#attentiveUntil;
      await sleep(clock, isAttentive ? Math.min(ATTENTIVE_MS, heartbeatMs) : heartbeatMs, this.#nudge.signal);
      if (ending.aborted || this.#mustRejoin) return;
      if (!this.lease.isValid) return this.#lose();
      if (!(await this.#beatOnce())) return;
    }
  }

  /** False when the group must be joined again. */
  async #beatOnce(): Promise<boolean> {
    try {
      await this.#renew();
      this.#recovered();
      return true;
    } catch (thrown) {
      const failure = failureOf(thrown);
      const { group } = this.#options.spec;
      if (failure.remedy === "never") throw faultOf(failure, `staying in group ${group}`, thrown);
      this.#heed(failure, thrown);
      return failure.remedy === "again" || failure.remedy === "leader" || failure.remedy === "coordinator";
    }
  }

  /** One heartbeat. That a rebalance is on is an answer to a member, too: its session goes on. */
  async #renew(): Promise<void> {
    const { group } = this.#options.spec;
    const sentAt = this.lease.now();
    try {
      await this.ask((node) =>
        node.heartbeat({ groupId: group, groupGenerationId: this.#generation, memberId: this.#memberId }),
      );
      this.lease.renew(sentAt);
    } catch (thrown) {
      if (failureOf(thrown).remedy === "rejoin") this.lease.renew(sentAt);
      throw thrown;
    }
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

  #lose(): void {
    this.lease.end();
    this.#options.lost();
    // Whoever waits for the join to commit has nothing to commit any more.
    this.#joining.resolve();
  }
}
