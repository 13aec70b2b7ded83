/** Shows what components keep, and how far their checkpoints are behind, over all partitions that this process has of a pipeline. */
import type { Registry } from "@rondo/monitor";
import type { Carried } from "@rondo/otlp";
import type { KeptState } from "./kept-state.ts";

/** What tells a pipeline's metrics of its partitions. */
export interface KeptObserver {
  /** A partition was opened; the returned function ends it. */
  readonly keeps: (kept: KeptState) => () => void;
  /** A component lost what it kept on a partition. */
  readonly lost: (component: string) => void;
}

/** The metrics of one pipeline's `keep` components, for as long as the registry lives. */
export function observeKept(
  registry: Registry,
  about: { readonly signal: Carried; readonly pipeline: string },
): KeptObserver {
  const open = new Set<KeptState>();
  registry.onScrape((emit) => {
    let age = 0;
    let isKeeping = false;
    for (const kept of open) {
      for (const { id, processor } of kept.keeping) {
        isKeeping = true;
        emit("rondo_kept_entries", { ...about, component: id }, processor.kept);
        emit("rondo_checkpoint_size_bytes", { ...about, component: id }, kept.bytesOf(id));
      }
      age = Math.max(age, kept.ageMs / 1000);
    }
    if (isKeeping) emit("rondo_checkpoint_age_seconds", about, age);
  });
  return {
    keeps(kept) {
      open.add(kept);
      return () => open.delete(kept);
    },
    lost: (component) => registry.counter("rondo_checkpoints_lost_total", { ...about, component }).add(1),
  };
}
