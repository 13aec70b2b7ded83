/** V8's collections on demand, where the process was started with `--expose-gc`, as the `rondo` command does. */

/** What may be collected at once. */
export interface Collections {
  /** What is young: a millisecond or two. */
  young(): void;
  /** Everything: tens of milliseconds. */
  full(): void;
}

/** Undefined where V8 offers none. */
export function collections(gc = globalThis.gc): Collections | undefined {
  return gc === undefined ? undefined : { young: () => gc({ type: "minor" }), full: () => gc({ type: "major" }) };
}
