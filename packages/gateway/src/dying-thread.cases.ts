/** A thread that does with a text what the text begins with: converts it, exits, or takes memory without end. */
import { type JsonTask, convertJson as sound } from "./body-thread.ts";

/** What a text begins with for each end of the thread. */
export const ENDS = { exit: "E", memory: "M" } as const;

/** As in body-thread.ts, if it lives. */
export function convertJson(task: JsonTask): unknown {
  const first = String.fromCharCode(task.body[0] ?? 0);
  if (first === ENDS.exit) process.exit(7);
  const kept: object[] = [];
  while (first === ENDS.memory) kept.push({ kept: kept.length });
  return sound(task);
}
