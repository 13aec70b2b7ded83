/** The Redis of the rig: what tests against it lean on. */
import { expect } from "vitest";
import { needs } from "../needs.ts";
import { startRedis } from "../rig/servers/index.ts";

needs("redis")("takes commands, and after a kill has its port and nothing else", async () => {
  const redis = await startRedis({ flags: ["--maxmemory-policy", "noeviction"] });
  try {
    expect(await redis.command("SET", "k", "v")).toBe("+OK");
    expect(await redis.command("STRLEN", "k")).toBe(":1");
    const before = redis.pid;
    await redis.kill();
    await expect(redis.command("PING")).rejects.toThrow();
    await redis.start();
    expect(redis.pid).not.toBe(before);
    expect(await redis.command("EXISTS", "k")).toBe(":0");
    redis.freeze();
    redis.thaw();
    expect(await redis.command("FLUSHALL")).toBe("+OK");
  } finally {
    await redis.close();
  }
});
