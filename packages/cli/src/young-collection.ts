/** V8's collection of young memory, where the process was started with `--expose-gc`, as the `rondo` command does. */

/** A function that collects young memory at once, in a millisecond or two; undefined where V8 does not offer it. */
export function youngCollection(gc = globalThis.gc): (() => void) | undefined {
  return gc === undefined ? undefined : () => gc({ type: "minor" });
}
