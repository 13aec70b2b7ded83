/** Windows and leases on a real Redis: the contract suites, and what only a server can do. */
import { Fault, type Log, silentLog, sleep, systemClock } from "@rondo/core";
import { leasesContract } from "@rondo/testkit/leases-contract";
import { windowStoreContract } from "@rondo/testkit/window-store-contract";
import { SLOT_MS } from "@rondo/windows";
import { RedisConnection, redisLeases, redisWindows } from "@rondo/windows/redis";
import { afterAll, beforeAll, expect, test } from "vitest";
import { suiteNeeds } from "../needs.ts";
import { type Redis, startRedis } from "../rig/servers/index.ts";

const never = new AbortController().signal;
let redis: Redis;
let tests = 0;

const connect = (keyPrefix = "", url = redis.url, log: Log = silentLog) =>
  new RedisConnection({ url, clock: systemClock, random: () => 0.5, keyPrefix, log });

suiteNeeds("redis")("on a real Redis", () => {
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(() => redis.close());

  windowStoreContract("windows in Redis", async () => {
    const prefix = `t${tests++}:`;
    const open = () => redisWindows({ connection: connect(prefix), expiryMs: 60_000 });
    let store = open();
    const reopen = async () => {
      await store.close();
      store = open();
      return store;
    };
    return {
      store,
      restart: reopen,
      async lose() {
        await redis.command("FLUSHALL");
        return store;
      },
      dispose: () => store.close(),
    };
  });

  test("slots run out, each append renews the expiry, and the index forgets what is gone", async () => {
    const store = redisWindows({ connection: connect("x:"), expiryMs: 300 });
    const progress = { partition: 7, watermark: 1, warming: false, keeps: "" };
    const append = (slot: number) => ({ tenant: "a", partition: 7, slot: slot * SLOT_MS, block: Buffer.from("ab") });
    await store.write({ ...progress, from: undefined, to: 1, appends: [append(1), append(2)] });
    let next = 1;
    const again = async () => {
      await store.write({ ...progress, from: next, to: ++next, appends: [append(2)] });
      return await redis.command("EXISTS", `x:w:a:{7}:${SLOT_MS}`);
    };
    await expect.poll(again, { interval: 50 }).toBe(":0");
    await store.write({ ...progress, from: next, to: next, appends: [append(3)] });
    expect(await store.slots("a", 7, 0)).toEqual([
      { slot: 2 * SLOT_MS, bytes: 2 * next },
      { slot: 3 * SLOT_MS, bytes: 2 },
    ]);
    await store.close();
  });

  test("a Redis that evicts is refused, with the way out, and used once it does not", async () => {
    const evicting = await startRedis({ flags: ["--maxmemory-policy", "allkeys-lru"] });
    const connection = connect("", evicting.url);
    try {
      const refused = {
        code: "config",
        message: expect.stringMatching(/allkeys-lru.*set maxmemory-policy noeviction/),
      };
      await expect(connection.check()).rejects.toMatchObject(refused);
      await expect(redisWindows({ connection, expiryMs: 1000 }).mark(0)).rejects.toMatchObject(refused);
      await evicting.command("CONFIG", "SET", "maxmemory-policy", "noeviction");
      await connection.check();
    } finally {
      await connection.close();
      await evicting.close();
    }
  });

  test("a full Redis refuses writes until there is room, and half a write is never seen", async () => {
    const small = await startRedis();
    const store = redisWindows({ connection: connect("", small.url), expiryMs: 60_000 });
    const write = {
      ...{ partition: 0, from: undefined, to: 1, watermark: 1, warming: false, keeps: "" },
      appends: [1, 2].map((slot) => ({ tenant: "a", partition: 0, slot, block: Buffer.alloc(1000) })),
    };
    try {
      await small.command("CONFIG", "SET", "maxmemory", "1");
      await expect(store.write(write)).rejects.toMatchObject({
        code: "unavailable",
        message: expect.stringContaining("maxmemory"),
      });
      expect(await small.command("DBSIZE")).toBe(":0");
      await small.command("CONFIG", "SET", "maxmemory", "0");
      expect(await store.write(write)).toEqual({ applied: true });
    } finally {
      await store.close();
      await small.close();
    }
  });

  test("a Redis that is away is said once; calls fail at once, and go on when it is back", async () => {
    const other = await startRedis();
    const lines: string[] = [];
    const log: Log = { ...silentLog, warn: (message) => lines.push(message), info: (message) => lines.push(message) };
    await other.kill();
    const connection = connect("", other.url, log);
    const leases = redisLeases(connection);
    try {
      for (let call = 0; call < 3; call++) {
        await expect(leases.acquire("a", "me", 1000)).rejects.toMatchObject({ code: "unavailable" });
      }
      await other.start();
      const acquired = () => leases.acquire("a", "me", 60_000).catch((fault: unknown) => Fault.from(fault).code);
      await expect.poll(acquired).toBe(true);
      expect(lines).toEqual(["redis cannot be reached; trying again", "redis answers again"]);
      other.freeze();
      await expect(leases.renew("a", "me", 60_000)).rejects.toMatchObject({ code: "unavailable" });
      other.thaw();
      await expect.poll(acquired).toBe(true);
      // What a restart leaves behind is nothing, scripts included.
      await other.kill();
      await other.start();
      await expect.poll(acquired).toBe(true);
    } finally {
      await connection.close();
      await other.close();
    }
  });

  test("who may not is told what to check, and never with the password", async () => {
    const closed = await startRedis();
    await closed.command("CONFIG", "SET", "requirepass", "s3cret");
    const lines: unknown[] = [];
    const log: Log = { ...silentLog, warn: (message, fields) => lines.push(message, fields) };
    const wrong = connect("", closed.url.replace("//", "//:wr0ng@"), log);
    const right = connect("", closed.url.replace("//", "//:s3cret@"), log);
    try {
      await expect(wrong.check()).rejects.toMatchObject({ message: expect.stringContaining("WRONGPASS") });
      await right.check();
      expect(lines.map(String).join()).not.toMatch(/wr0ng|s3cret/);
    } finally {
      await wrong.close();
      await right.close();
      await closed.close();
    }
  });

  leasesContract("leases in Redis", async () => {
    const prefix = `t${tests++}:`;
    const mine = connect(prefix);
    const theirs = connect(prefix);
    return {
      leases: redisLeases(mine),
      other: redisLeases(theirs),
      pass: (ms) => sleep(systemClock, ms, never),
      async dispose() {
        await mine.close();
        await theirs.close();
      },
    };
  });
});
