/**
 * Windows in Redis: a string for each slot, which only grows, under `w:<tenant>:{<partition>}:<slot>`. Beside them, for each
 * partition, its mark (`w:next:{<partition>}`), and for each tenant and partition the slots that there are
 * (`w:slots:<tenant>:{<partition>}`). The braces keep what one script touches together in a Redis that is spread over nodes.
 */
import { escapeName } from "@rondo/broker";
import type { PartitionMark, SlotKey, WindowStore } from "../store.ts";
import type { RedisConnection } from "./connection.ts";
import { script } from "./script.ts";

/**
 * KEYS: the mark, then slot and index of each append. ARGV: from (empty: none), to, watermark, warming, keeps, expiry in
 * milliseconds, then slot and block of each append. Answers `ok`, or where the partition stands (empty: nowhere).
 * Slots run out by themselves, so the index is looked through whenever it gets a new one.
 */
const WRITE = script(`
local next = redis.call('HGET', KEYS[1], 'next') or ''
if next ~= ARGV[1] then return next end
if next == '' then
  local time = redis.call('TIME')
  redis.call('HSET', KEYS[1], 'epoch', time[1] .. '.' .. time[2])
end
local expiry = ARGV[6]
for i = 2, #KEYS, 2 do
  local key, index = KEYS[i], KEYS[i + 1]
  local slot, block = ARGV[i + 5], ARGV[i + 6]
  local bytes = redis.call('APPEND', key, block)
  redis.call('PEXPIRE', key, expiry)
  if bytes == #block then
    local stem = string.sub(key, 1, -#slot - 1)
    for _, other in ipairs(redis.call('HKEYS', index)) do
      if redis.call('EXISTS', stem .. other) == 0 then redis.call('HDEL', index, other) end
    end
  end
  redis.call('HSET', index, slot, bytes)
  redis.call('PEXPIRE', index, expiry)
end
redis.call('HSET', KEYS[1], 'next', ARGV[2], 'watermark', ARGV[3], 'warming', ARGV[4], 'keeps', ARGV[5])
return 'ok'`);

/** How windows are kept in Redis. */
export interface RedisWindowsOptions {
  readonly connection: RedisConnection;
  /** How long a slot is kept after the last append to it, milliseconds. */
  readonly expiryMs: number;
}

/** The windows in a Redis. `close` ends the connection. */
export function redisWindows({ connection, expiryMs }: RedisWindowsOptions): WindowStore {
  const prefix = `${connection.keyPrefix}w:`;
  const markKey = (partition: number) => `${prefix}next:{${partition}}`;
  const indexKey = (tenant: string, partition: number) => `${prefix}slots:${escapeName(tenant)}:{${partition}}`;
  const slotKey = ({ tenant, partition, slot }: SlotKey) => `${prefix}${escapeName(tenant)}:{${partition}}:${slot}`;
  const expiry = String(Math.ceil(expiryMs));

  return {
    async write({ partition, from, to, watermark, warming, keeps, appends }) {
      const keys = [markKey(partition), ...appends.flatMap((one) => [slotKey(one), indexKey(one.tenant, partition)])];
      const mark = [from === undefined ? "" : String(from), String(to), String(watermark), warming ? "1" : "0", keeps];
      const blocks = appends.flatMap(({ slot, block }) => [String(slot), asBuffer(block)]);
      const answer = String(await connection.run((redis) => WRITE(redis, keys, [...mark, expiry, ...blocks])));
      if (answer === "ok") return { applied: true };
      return { applied: false, next: answer === "" ? undefined : Number(answer) };
    },
    async mark(partition) {
      return readMark(await connection.run((redis) => redis.hgetall(markKey(partition))));
    },
    async slots(tenant, partition, from) {
      const sizes = await connection.run((redis) => redis.hgetall(indexKey(tenant, partition)));
      return Object.entries(sizes)
        .map(([slot, bytes]) => ({ slot: Number(slot), bytes: Number(bytes) }))
        .filter(({ slot }) => slot >= from)
        .sort((a, b) => a.slot - b.slot);
    },
    async read(key, offset, maxBytes) {
      return await connection.run((redis) => redis.getrangeBuffer(slotKey(key), offset, offset + maxBytes - 1));
    },
    // Redis does it by itself: every append says anew how long.
    async expire() {},
    close: () => connection.close(),
  };
}

/** The fields of a mark's hash; an empty one is how Redis says that there is none. */
function readMark(fields: Readonly<Partial<Record<string, string>>>): PartitionMark | undefined {
  const { next, watermark, warming, keeps = "", epoch = "" } = fields;
  if (next === undefined) return undefined;
  return { next: Number(next), watermark: Number(watermark), warming: warming === "1", keeps, epoch };
}

function asBuffer(block: Uint8Array): Buffer {
  return Buffer.from(block.buffer, block.byteOffset, block.byteLength);
}
