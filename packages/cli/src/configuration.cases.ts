/** Graphs for tests, from YAML as users write it and with the components of this build. */
import { type Graph, loadConfig } from "@rondo/config";
import { COMPONENT_TYPES } from "./component-types.ts";

/** The graph of a configuration; throws with every problem when there is one. */
export function graphOf(text: string): Graph {
  const { graph, problems } = loadConfig({
    files: [{ name: "test.yaml", text }],
    sets: [],
    types: COMPONENT_TYPES,
    env: () => undefined,
  });
  if (graph === undefined) throw new Error(problems.map(({ path, message }) => `${path}: ${message}`).join("\n"));
  return graph;
}

/** What a command printed: its lines and its errors, apart. */
export function printed() {
  const lines: string[] = [];
  const errors: string[] = [];
  const out = { line: (text: string) => void lines.push(text), error: (text: string) => void errors.push(text) };
  return { lines, errors, out };
}
