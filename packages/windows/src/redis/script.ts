/** A Lua script that Redis runs as a whole: sent by its hash, and in full where Redis has not seen it. */
import { createHash } from "node:crypto";
import type { Redis } from "ioredis";

/** Runs a script on the keys and arguments given. Rejects with what Redis answers. */
export type Script = (redis: Redis, keys: readonly string[], args: readonly (string | Buffer)[]) => Promise<unknown>;

/** A script from its source. */
export function script(lua: string): Script {
  const hash = createHash("sha1").update(lua).digest("hex");
  return async (redis, keys, args) => {
    try {
      return await redis.evalsha(hash, keys.length, ...keys, ...args);
    } catch (thrown) {
      // After a restart of Redis. It did nothing, so this is no second time.
      if (!(thrown instanceof Error && thrown.message.startsWith("NOSCRIPT"))) throw thrown;
      return await redis.eval(lua, keys.length, ...keys, ...args);
    }
  };
}
