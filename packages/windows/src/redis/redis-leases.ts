/** Leases as keys of Redis that run out: `lease:<name>`, its value the holder. */
import type { Leases } from "../leases.ts";
import type { RedisConnection } from "./connection.ts";
import { script } from "./script.ts";

/** Free, or the holder's own: then it lasts from now. A reply that was lost does not keep a holder from its own lease. */
const ACQUIRE = script(`
local held = redis.call('GET', KEYS[1])
if held and held ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1`);

/** A holder whose lease ran out does not get it back by this: another may have had it meanwhile, and given it back. */
const RENEW = script(`
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 1`);

/** Asks and deletes in one, or the lease could run out and be another's in between. */
const RELEASE = script(`
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
return 1`);

/** Leases that every process shares which uses the same Redis. `close` leaves the connection to its owner. */
export function redisLeases(connection: RedisConnection): Leases {
  const key = (name: string) => `${connection.keyPrefix}lease:${name}`;
  const ask = async (which: typeof ACQUIRE, name: string, ...args: readonly string[]) =>
    (await connection.run((redis) => which(redis, [key(name)], args))) === 1;
  return {
    acquire: (name, holder, ttlMs) => ask(ACQUIRE, name, holder, String(Math.ceil(ttlMs))),
    renew: (name, holder, ttlMs) => ask(RENEW, name, holder, String(Math.ceil(ttlMs))),
    async release(name, holder) {
      await ask(RELEASE, name, holder);
    },
    async close() {},
  };
}
