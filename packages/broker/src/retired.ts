/**
 * Groups whose backlog was dropped on request. They stay registered, so that their account can be read, and hold nothing up: no
 * lag is shown of them, nobody is warned of what they do not read, and retention by size does not wait for them.
 */
import type { StateStore, StateWrite } from "./state.ts";

const RETIRED = "retired/";

/** The key of `rondo.state` under which a group is retired, whatever its value. */
export function retiredKey(group: string): string {
  return RETIRED + group;
}

/** Retires a group; `at` says when, epoch milliseconds. */
export function retirement(group: string, at: number): StateWrite {
  return { key: retiredKey(group), value: Buffer.from(new Date(at).toISOString()) };
}

/** All groups that are retired. */
export async function retiredGroups(state: StateStore): Promise<ReadonlySet<string>> {
  return new Set((await state.list(RETIRED)).map(([key]) => key.slice(RETIRED.length)));
}
