/**
 * Leases: who may try to do something that one process should do at a time, such as evaluating a group of rules. They only
 * limit who tries: one may be lost at any moment (Redis flushed, a process asleep), so what is done under it needs its own
 * fence. Two implementations, in redis/ and local-leases.ts, pass one contract suite.
 */

/** Leases by name. Methods throw a Fault `unavailable` when the other side cannot be asked: the caller then holds nothing. */
export interface Leases {
  /** Takes the lease for `ttlMs` if nobody has it or `holder` has it already; whether `holder` has it now. */
  acquire(name: string, holder: string, ttlMs: number): Promise<boolean>;
  /** Makes the lease last `ttlMs` from now if `holder` still has it; whether it has. */
  renew(name: string, holder: string, ttlMs: number): Promise<boolean>;
  /** Gives the lease back if `holder` has it; nothing happens otherwise. */
  release(name: string, holder: string): Promise<void>;
  /** Ends connections. Leases that were not released last until they run out. */
  close(): Promise<void>;
}
