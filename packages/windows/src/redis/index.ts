/** Windows and leases in a Redis that workers and alert workers share. */
export { RedisConnection, type RedisSettings } from "./connection.ts";
export { redisLeases } from "./redis-leases.ts";
export { type RedisWindowsOptions, redisWindows } from "./redis-windows.ts";
