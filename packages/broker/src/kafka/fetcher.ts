/**
 * Fetches for the feeds of one group member. Per leader one request waits at the broker until something comes, up to 250 ms,
 * for every feed that wants records. A feed that begins to want in the meantime – after a seek, or because its reader has
 * caught up with what was fetched ahead – is not kept waiting by the others: it is asked for at once on another socket,
 * without waiting at the broker, and again after pauses that grow from 5 to 40 ms, until the waiting request has ended and
 * the next one includes it. Membership goes its own way: no fetch holds up a heartbeat.
 */
import { type Clock, Fault, type Log, sleep } from "@rondo/core";
import { describeLoss, type Loss } from "../loss.ts";
import { type Cluster, faultFrom, OUT_OF_RANGE } from "./cluster.ts";
import { type Address, type FetchAnswer, fetchExchange } from "./exchange.ts";
import type { Feed } from "./feed.ts";
import { failureOfCode } from "./kafka-fault.ts";
import type { NodePool } from "./node-pool.ts";
import { toLogRecord } from "./record-batch.ts";

/** How long a request may wait at the broker for records, milliseconds. */
const WAIT_MS = 250;
/**
 * From one request to the next at least, while records come, milliseconds: a request costs as much as a record, and what has come
 * meanwhile comes together.
 */
const PACE_MS = 5;
/** Pauses between requests that do not wait, milliseconds. */
const FIRST_PAUSE_MS = 5;
const LONGEST_PAUSE_MS = 40;
/** The pause after a failure, milliseconds. */
const FAILED_MS = 100;
/** The pause of a feed that stands beyond the end of its partition, milliseconds. */
const BEYOND_MS = 1_000;

/** What a fetcher works with. */
export interface FetcherOptions {
  readonly group: string;
  readonly cluster: Cluster;
  readonly clock: Clock;
  readonly log: Log;
  /** Called, beside the line in the log, when retention was faster than a reader. */
  readonly onLoss?: (loss: Loss) => void;
  /** A batch of the topic cannot be read, and was handed on as a record that says so. */
  readonly onUnreadable?: (topic: string) => void;
  /** Its feed cannot go on. */
  readonly onBroken: (feed: Feed, fault: Fault) => void;
}

/** How often a batch is asked for once more whose bytes are damaged: a memory or a wire may have done it, and not the broker's disk. */
const DAMAGED_TRIES = 3;

interface Course {
  readonly feed: Feed;
  /** How many bytes came last of one that was compressed: so much less is asked for. */
  growth: number;
  /** How often what is wanted now came damaged. */
  damaged: number;
  /** Of the fetch under way or the pause; undefined when neither is. */
  epoch?: number | undefined;
  pauses: number;
  /** Ends a pause early. */
  cancel?: (() => void) | undefined;
}

/** A fetch under way for a course. */
interface Errand {
  readonly course: Course;
  readonly offset: number;
  readonly maxBytes: number;
  readonly epoch: number;
}

/** The feeds of one member. */
export class Fetcher {
  readonly #options: FetcherOptions;
  readonly #courses = new Map<Feed, Course>();
  /** Sockets on which requests wait. */
  readonly #waits: NodePool;
  /** Leaders at which a request waits now. */
  readonly #waiting = new Set<string>();
  /** Feeds that cannot be served; told when there is a first, and when one is served again and no other waits. */
  readonly #troubled = new Set<Course>();
  #isTold = false;
  /** Feeds that stand beyond the end of their partition, told once each. */
  readonly #beyond = new Set<Feed>();
  /** When the next request may leave, on the monotonic clock. */
  #notBefore = 0;
  readonly #closed = new AbortController();
  #pumping = false;
  #again = false;

  constructor(options: FetcherOptions) {
    this.#options = options;
    this.#waits = options.cluster.pool();
  }

  /** Begins to serve a feed. */
  add(feed: Feed): void {
    this.#courses.set(feed, { feed, pauses: 0, growth: 1, damaged: 0 });
  }

  /** Looks after a feed that wants records. */
  hungry(feed: Feed): void {
    const course = this.#courses.get(feed);
    if (course === undefined) return;
    // A pause of before a seek is nothing to it.
    if (course.epoch !== undefined && !feed.isCurrent(course.epoch)) this.#free(course);
    if (course.epoch === undefined) void this.#pump();
  }

  /** Ends serving a feed. */
  remove(feed: Feed): void {
    const course = this.#courses.get(feed);
    this.#courses.delete(feed);
    this.#beyond.delete(feed);
    if (course === undefined) return;
    this.#free(course);
    this.#troubled.delete(course);
  }

  /** Ends every feed and the sockets on which requests wait. */
  async close(): Promise<void> {
    for (const feed of [...this.#courses.keys()]) this.remove(feed);
    this.#closed.abort();
    await this.#waits.close();
  }

  #free(course: Course): void {
    course.epoch = undefined;
    course.cancel?.();
    course.cancel = undefined;
  }

  /** Sends requests for every feed that wants records and has none on the way. */
  async #pump(): Promise<void> {
    this.#again = true;
    if (this.#pumping) return;
    this.#pumping = true;
    while (this.#again) {
      this.#again = false;
      // Feeds that begin in one turn share their request, and under load those that begin within a pace.
      await Promise.resolve();
      const early = this.#notBefore - this.#options.clock.monotonic();
      if (early > 0) await sleep(this.#options.clock, early, this.#closed.signal);
      await this.#dispatch();
    }
    this.#pumping = false;
  }

  async #dispatch(): Promise<void> {
    const byLeader = new Map<string, { readonly leader: Address; readonly errands: Errand[] }>();
    for (const course of this.#courses.values()) {
      const want = course.epoch === undefined ? course.feed.want() : undefined;
      if (want === undefined) continue;
      course.epoch = want.epoch;
      const { topic, partition } = course.feed;
      try {
        const leader = await this.#options.cluster.topology.leader(topic, partition);
        const key = `${leader.host}:${leader.port}`;
        const of = byLeader.get(key) ?? { leader, errands: [] };
        of.errands.push({ course, ...want });
        byLeader.set(key, of);
      } catch (thrown) {
        this.#trouble(course, want.epoch, thrown);
      }
    }
    for (const [key, { leader, errands }] of byLeader) {
      if (this.#waiting.has(key)) void this.#fetch(leader, errands, this.#options.cluster.questions, 0);
      else void this.#wait(key, leader, errands);
    }
  }

  async #wait(key: string, leader: Address, errands: readonly Errand[]): Promise<void> {
    this.#waiting.add(key);
    await this.#fetch(leader, errands, this.#waits, WAIT_MS, () => {
      this.#waiting.delete(key);
      // Those that pause between requests of their own join the next one that waits.
      for (const course of this.#courses.values())
        if (course.cancel !== undefined && course.pauses > 0) this.#free(course);
    });
  }

  /** Asks a leader and takes in the answer in one go, so that its feeds are asked for together again; `ended` runs before. */
  async #fetch(
    leader: Address,
    errands: readonly Errand[],
    pool: NodePool,
    waitMs: number,
    ended: () => void = () => undefined,
  ): Promise<void> {
    const { cluster, clock } = this.#options;
    const sentAt = clock.monotonic();
    const wanted = errands.map(({ course: { feed, growth }, offset, maxBytes }) => ({
      topic: feed.topic,
      partition: feed.partition,
      offset,
      maxBytes: Math.ceil(maxBytes / growth),
      inflatedBytes: maxBytes,
    }));
    try {
      const answers = await cluster.send(pool, leader, fetchExchange(wanted, waitMs, cluster.turn));
      ended();
      if (answers.some(({ records }) => records.length > 0)) this.#notBefore = sentAt + PACE_MS;
      for (const errand of errands) {
        const { topic, partition } = errand.course.feed;
        const answer = answers.find((one) => one.topic === topic && one.partition === partition);
        this.#answered(errand, answer, waitMs === 0);
      }
    } catch (thrown) {
      ended();
      for (const { course, epoch } of errands) this.#trouble(course, epoch, thrown);
    }
    void this.#pump();
  }

  #answered(errand: Errand, answer: FetchAnswer | undefined, isAtOnce: boolean): void {
    const { course, epoch, offset } = errand;
    const { feed } = course;
    if (!feed.isCurrent(epoch)) return;
    if (answer?.error === OUT_OF_RANGE) return void this.#outside(errand);
    if (answer === undefined || answer.error !== 0) {
      const { name } = failureOfCode(answer?.error ?? -1);
      this.#trouble(course, epoch, new Fault("unavailable", name));
      return;
    }
    if (answer.unreadable !== undefined) {
      const fault = Fault.from(answer.unreadable);
      if (fault.code === "unavailable") this.#trouble(course, epoch, fault);
      else this.#options.onBroken(feed, fault);
      return;
    }
    if (answer.damaged && ++course.damaged < DAMAGED_TRIES) {
      this.#pause(course, FAILED_MS);
      return;
    }
    course.damaged = 0;
    if (answer.records.length > 0) course.growth = answer.growth;
    this.#untroubled(course);
    for (const { fault } of answer.records) if (fault !== undefined) this.#unreadable(feed, fault);
    const found = answer.records.length > 0 || answer.next > offset;
    course.pauses = found || !isAtOnce ? 0 : course.pauses + 1;
    const now = this.#options.clock.now();
    feed.feed(
      answer.records.map((record) => toLogRecord(record, now)),
      answer.next,
    );
    if (course.pauses === 0) this.#free(course);
    else this.#pause(course, Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (course.pauses - 1)));
  }

  /** Retention has removed what is wanted, or the topic ends before it. */
  async #outside({ course, epoch, offset }: Errand): Promise<void> {
    const { cluster, group, log, onLoss } = this.#options;
    const { feed } = course;
    const { topic, partition } = feed;
    try {
      const { low, high } = await cluster.watermarks(topic, partition);
      if (!feed.isCurrent(epoch)) return;
      if (offset < low) {
        const loss: Loss = { group, topic, partition, from: offset, to: low };
        log.error(describeLoss(loss), { group, topic, partition, lost: low - offset });
        onLoss?.(loss);
        this.#free(course);
        return feed.seek(low);
      }
      if (!this.#beyond.has(feed)) {
        const where = `offset ${offset} of ${topic}/${partition}, which ends at ${high}`;
        log.error(`group ${group} waits for ${where}`, { group, topic, partition });
      }
      this.#beyond.add(feed);
      this.#pause(course, BEYOND_MS);
    } catch (thrown) {
      this.#trouble(course, epoch, thrown);
    }
  }

  #unreadable({ topic, partition }: Feed, fault: Fault): void {
    const { group, log, onUnreadable } = this.#options;
    log.error("a batch cannot be read; going on behind it", { group, topic, partition, fault });
    onUnreadable?.(topic);
  }

  #trouble(course: Course, epoch: number, thrown: unknown): void {
    const { cluster, group, log } = this.#options;
    const { feed } = course;
    cluster.topology.forget(feed.topic);
    if (!this.#courses.has(feed)) return;
    if (!this.#isTold) {
      const fault = faultFrom(thrown, `reading ${feed.topic}`);
      log.warn("records cannot be fetched just now; trying again until they can", { group, topic: feed.topic, fault });
    }
    this.#isTold = true;
    this.#troubled.add(course);
    if (feed.isCurrent(epoch)) this.#pause(course, FAILED_MS);
  }

  #untroubled(course: Course): void {
    const { group, log } = this.#options;
    this.#troubled.delete(course);
    if (!this.#isTold || this.#troubled.size > 0) return;
    log.info("records are fetched again", { group });
    this.#isTold = false;
  }

  #pause(course: Course, ms: number): void {
    course.cancel?.();
    course.cancel = this.#options.clock.after(ms, () => {
      this.#free(course);
      void this.#pump();
    });
  }
}
