/**
 * Has short-lived memory collected in time. What HTTP/2 reads of a connection is shared by its calls and cannot be given back by
 * hand; V8 lets hundreds of megabytes of it gather before it collects everything, and a collection of what is young costs a
 * millisecond or two.
 */

const COLLECT_BYTES = 32 << 20;

/** Takes note of memory that was read, copied and dropped; calls `collect` once for every 32 MiB of it. */
export function shortLived(collect: () => void): (bytes: number) => void {
  let dropped = 0;
  return (bytes) => {
    dropped += bytes;
    if (dropped < COLLECT_BYTES) return;
    dropped = 0;
    collect();
  };
}
