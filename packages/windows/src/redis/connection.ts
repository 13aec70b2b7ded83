/**
 * A connection to Redis that never does anything twice and never waits for ever: a command is sent once, has a deadline, and
 * fails with a Fault whose code says whether later will do. Whoever wants it done tries again.
 */
import { type Clock, Fault, type Log, type Random, silentLog } from "@rondo/core";
import { Recurring } from "@rondo/delivery";
import { Redis } from "ioredis";
import { redisFault } from "./redis-fault.ts";

/** How to reach a Redis. */
export interface RedisSettings {
  /** Such as `redis://user:password@redis:6379/0` or `rediss://…`; never logged. */
  readonly url: string;
  readonly clock: Clock;
  /** Spreads the attempts to connect of many processes. */
  readonly random: Random;
  readonly log?: Log;
  /** Put before every key; tests and deployments that share a Redis are told apart by it. Absent: none. */
  readonly keyPrefix?: string;
}

/** A command that got no reply in this time has failed, milliseconds. It may have been done. */
const COMMAND_TIMEOUT_MS = 3_000;
/** A connection on which nothing came for so long although something was asked is given up, milliseconds. */
const SILENCE_MS = 10_000;
/** How long commands wait for the first connection, milliseconds. */
const FIRST_CONNECT_MS = 2_000;
const RECONNECT_FIRST_MS = 50;
const RECONNECT_MOST_MS = 2_000;

/** A Redis, shared by everything in a process that needs it. */
export class RedisConnection {
  /** Put before every key. */
  readonly keyPrefix: string;
  readonly #redis: Redis;
  readonly #where: string;
  readonly #trouble: Recurring;
  /** Resolves when the first connection stands, has failed, or takes too long. */
  readonly #first = Promise.withResolvers<void>();
  /** Of the present connection: a Redis that was replaced may be set up in another way. */
  #checked: Promise<void> | undefined;
  #lastError: Error | undefined;
  #closed = false;

  constructor({ url, clock, random, log = silentLog, keyPrefix = "" }: RedisSettings) {
    this.keyPrefix = keyPrefix;
    this.#where = addressOf(url);
    clock.after(FIRST_CONNECT_MS, () => this.#first.resolve(), { background: true });
    this.#trouble = new Recurring(log, clock);
    this.#redis = new Redis(url, {
      // After a lost connection nobody knows what was done, and some commands must not be done twice.
      autoResendUnfulfilledCommands: false,
      // Without it such a command would be pending for ever.
      commandTimeout: COMMAND_TIMEOUT_MS,
      socketTimeout: SILENCE_MS,
      enableOfflineQueue: false,
      maxRetriesPerRequest: 0,
      retryStrategy: (times) => backoff(times, random),
      // A failover leaves a client with a replica, which takes no writes.
      reconnectOnError: ({ message }) => message.startsWith("READONLY"),
    });
    this.#redis.on("error", (error: Error) => this.#failed(error));
    this.#redis.on("close", () => {
      this.#checked = undefined;
      this.#first.resolve();
      if (!this.#closed) this.#failed(this.#lastError ?? new Error("the connection was closed"));
    });
    this.#redis.on("ready", () => {
      this.#lastError = undefined;
      this.#trouble.over("redis answers again", { redis: this.#where });
      this.#first.resolve();
    });
  }

  /** Whether it can be reached now and is set up as windows need it; throws a Fault `unavailable` or `config` otherwise. */
  async check(): Promise<void> {
    await this.run(async () => undefined);
  }

  /** Runs commands. Rejects with a Fault: `unavailable`, `config` when Redis is set up so that it must not be used, `aborted` when closed. */
  async run<T>(commands: (redis: Redis) => Promise<T>): Promise<T> {
    if (this.#closed) throw new Fault("aborted", "the connection to redis is closed");
    await this.#first.promise;
    if (this.#redis.status !== "ready")
      throw redisFault(this.#lastError ?? new Error("no connection yet"), this.#where);
    try {
      this.#checked ??= this.#check();
      await this.#checked;
      return await commands(this.#redis);
    } catch (thrown) {
      throw redisFault(thrown, this.#where);
    }
  }

  /** Ends the connection; commands under way fail. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#first.resolve();
    this.#redis.disconnect();
  }

  /** A Redis that evicts keys makes holes in windows that nobody notices, and lets alerts resolve that should not. */
  async #check(): Promise<void> {
    try {
      const policy = /^maxmemory_policy:(\S+)/m.exec(await this.#redis.info("memory"))?.[1];
      if (policy === undefined || policy === "noeviction") return;
      throw new Fault(
        "config",
        `redis at ${this.#where} removes keys when its memory is full (maxmemory-policy ${policy}), which would make holes in the windows: set maxmemory-policy noeviction`,
      );
    } catch (thrown) {
      this.#checked = undefined;
      throw thrown;
    }
  }

  #failed(error: Error): void {
    this.#lastError = error;
    if (!this.#closed)
      this.#trouble.happened("redis cannot be reached; trying again", {
        redis: this.#where,
        fault: redisFault(error, this.#where),
      });
  }
}

/** Doubles from attempt to attempt, and differs between processes. */
function backoff(times: number, random: Random): number {
  return Math.min(RECONNECT_FIRST_MS * 2 ** Math.min(times, 10), RECONNECT_MOST_MS) * (0.5 + random() / 2);
}

/** Host and port, which may be shown. Throws a Fault `config` for what is no address. */
function addressOf(url: string): string {
  const parsed = URL.parse(url);
  if (parsed === null || !/^rediss?:$/.test(parsed.protocol)) {
    throw new Fault("config", "the address of redis must be such as redis://redis:6379 or rediss://redis:6379");
  }
  return `${parsed.hostname}:${parsed.port || "6379"}`;
}
