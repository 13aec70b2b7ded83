/** A place in a configuration whose problems and warnings a test reads afterwards. */
import type { Place } from "./field.ts";

/** What was said, as `path message`; problems and warnings apart. */
export interface Said {
  readonly problems: string[];
  readonly warnings: string[];
}

/** A place that writes down what is said of it and of everything below. */
export function recordingPlace(path = "key", said: Said = { problems: [], warnings: [] }): Place & Said {
  const note = (list: string[]) => (message: string) => void list.push(`${path} ${message}`);
  const at = (key: string | number) => recordingPlace(`${path}::${key}`, said);
  return { ...said, path, at, problem: note(said.problems), warn: note(said.warnings) };
}
