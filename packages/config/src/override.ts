/** `--set path=value`: one value over what the files say. Keys hold dots and slashes, so the files decide where a path splits. */
import type { Findings } from "./findings.ts";
import { readYaml } from "./read-yaml.ts";
import type { ConfigNode, Mark } from "./tree.ts";
import { entriesOf } from "./tree.ts";

/**
 * `base` with one override. The path's parts are joined by `::`, or by `.`; with dots, a key of the files that holds dots
 * itself is taken whole where it fits. The value is YAML. A number as a part is an index into a list that is there.
 * A text without `=` or with an empty part is a problem; an unknown path is found later, when the key at its end is read.
 */
export function applyOverride(base: ConfigNode, text: string, findings: Findings): ConfigNode {
  const sign = text.indexOf("=");
  const path = sign < 0 ? text : text.slice(0, sign).trim();
  const mark: Mark = { file: `--set ${path}` };
  if (sign < 0) {
    findings.problem("", "must be path=value, such as exporters.otlp/tempo.endpoint=127.0.0.1:4317", mark);
    return base;
  }
  const parts = path.includes("::") ? path.split("::") : splitByDots(base, path);
  if (parts.includes("")) {
    findings.problem("", "has an empty part in its path", mark);
    return base;
  }
  let whole = true;
  const value = readYaml(mark.file, text.slice(sign + 1), (message) => {
    whole = false;
    // Without the line: the value has one only in the sense of the parser, and it may be a secret.
    findings.problem(parts.join("::"), `the value ${message}`, mark);
  });
  if (!whole || value === undefined) return base;
  return put(base, parts, remark(value, mark), mark);
}

/** Splits a dotted path, taking at each level the longest key of the files that the path begins with. */
function splitByDots(base: ConfigNode, path: string): readonly string[] {
  const parts: string[] = [];
  let node: ConfigNode | undefined = base;
  let rest = path;
  while (rest !== "") {
    const fits = [...entriesOf(node).keys()].filter((key) => rest === key || rest.startsWith(`${key}.`));
    const longest = fits.reduce((best, key) => (key.length > best.length ? key : best), "");
    const dot = rest.indexOf(".");
    const part: string = longest !== "" ? longest : dot < 0 ? rest : rest.slice(0, dot);
    parts.push(part);
    node = node?.kind === "list" ? node.items[Number(part)] : entriesOf(node).get(part);
    // A dot at the end leaves an empty part, which the caller reports.
    if (rest.length === part.length + 1) parts.push("");
    rest = rest.slice(part.length + 1);
  }
  return parts.length === 0 ? [""] : parts;
}

/** Maps on the way are kept or made; at the end a map merges and everything else replaces, as with a second file. */
function put(node: ConfigNode | undefined, path: readonly string[], value: ConfigNode, mark: Mark): ConfigNode {
  const [key, ...rest] = path;
  if (key === undefined) {
    if (node?.kind !== "map" || value.kind !== "map") return value;
    return [...value.entries].reduce<ConfigNode>((all, [name, one]) => put(all, [name], one, mark), node);
  }
  if (node?.kind === "list" && /^\d+$/.test(key) && Number(key) <= node.items.length) {
    const index = Number(key);
    return { ...node, items: node.items.toSpliced(index, 1, put(node.items[index], rest, value, mark)) };
  }
  const entries = new Map(entriesOf(node));
  entries.set(key, put(entries.get(key), rest, value, mark));
  return { kind: "map", entries, mark: node?.mark ?? mark };
}

/** A value's own lines mean nothing to the user; all of it was said on the command line. */
function remark(node: ConfigNode, mark: Mark): ConfigNode {
  if (node.kind === "list") return { ...node, mark, items: node.items.map((item) => remark(item, mark)) };
  if (node.kind === "scalar") return { ...node, mark };
  return { ...node, mark, entries: new Map([...node.entries].map(([key, one]) => [key, remark(one, mark)])) };
}
