/** Reads YAML into a tree with marks, within bounds that hold before anything is multiplied or nested out of hand. */
import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Pair,
  parseDocument,
  type Scalar as YamlScalar,
} from "yaml";
import { mergeNodes } from "./merge.ts";
import type { ConfigNode, Mark } from "./tree.ts";
import { yamlFault } from "./yaml-fault.ts";
import { scalarOf } from "./yaml-scalar.ts";

/** What a configuration may be at most; all are far above what people write. */
export const YAML_LIMITS = {
  /** Characters of one file. */
  characters: 1 << 20,
  /** Levels of lists and maps. */
  depth: 100,
  /** Values of one file, with everything that aliases repeat. */
  values: 100_000,
} as const;

/** Called with what is wrong, the line (from 1) and the column (from 1). */
export type Report = (message: string, mark: Mark) => void;

/**
 * The tree of a text, a null scalar for an empty one. Reports every problem, and returns undefined when there was one. Duplicate
 * keys, keys that are lists or maps and several documents are problems; `<<` merges. With `paths`, `a::b` as a key outside of
 * lists is a path into maps, as in the Collector's files; a value that a variable brings has no such keys.
 */
export function readYaml(
  file: string,
  text: string,
  report: Report,
  { paths = true }: { readonly paths?: boolean } = {},
): ConfigNode | undefined {
  if (text.length > YAML_LIMITS.characters) {
    report(`has ${text.length} characters; the limit is ${YAML_LIMITS.characters}`, { file });
    return undefined;
  }
  const lines = new LineCounter();
  const document = parse(text, lines);
  if (document === undefined) {
    report(`nests deeper than ${YAML_LIMITS.depth} levels`, { file });
    return undefined;
  }
  const markAt = (offset: number): Mark => {
    const { line } = lines.linePos(offset);
    return line > 0 ? { file, line } : { file };
  };
  const tooDeep = document.errors.find(({ code }) => code === "RESOURCE_EXHAUSTION");
  if (tooDeep !== undefined) {
    // The parser gave up; what it says of the rest follows from that.
    report(yamlFault(tooDeep.code), markAt(tooDeep.pos[0]));
    return undefined;
  }
  let whole = true;
  const fail: Report = (message, mark) => {
    whole = false;
    report(message, mark);
  };
  for (const { code, pos } of [...document.errors, ...document.warnings]) {
    const { line, col } = lines.linePos(pos[0]);
    fail(`${yamlFault(code)} (column ${col})`, { file, line });
  }
  if (!whole) return undefined;
  const root = new Reading(markAt, fail).convert(document.contents, { mark: { file, line: 1 }, depth: 0, paths });
  return whole ? root : undefined;
}

/** Undefined when the text nests so deeply that the parser ran out of stack. */
function parse(text: string, lineCounter: LineCounter): Document.Parsed | undefined {
  try {
    return parseDocument(text, { lineCounter, prettyErrors: false, version: "1.2", uniqueKeys: false });
  } catch (thrown) {
    if (thrown instanceof RangeError) return undefined;
    throw thrown;
  }
}

/** Where a value stands: `mark` is that of its key, or its own in a list. */
interface Around {
  readonly mark: Mark;
  readonly depth: number;
  readonly paths: boolean;
}

/** One pass over a parsed document. An alias reuses the tree of its anchor, but counts as what it repeats. */
class Reading {
  readonly #anchors = new Map<string, { readonly node: ConfigNode; readonly values: number }>();
  readonly #markAt: (offset: number) => Mark;
  readonly #fail: Report;
  #values = 0;
  #overLimit = false;

  constructor(markAt: (offset: number) => Mark, fail: Report) {
    this.#markAt = markAt;
    this.#fail = fail;
  }

  convert(node: unknown, around: Around): ConfigNode {
    const { mark, depth } = around;
    const before = this.#values++;
    const nothing: ConfigNode = { kind: "scalar", value: null, mark };
    if (!this.#withinLimits(depth, mark)) return nothing;
    if (node === null) return nothing;
    if (isAlias(node)) return this.#alias(node, mark) ?? nothing;
    const made = this.#value(node, around);
    if ((isScalar(node) || isMap(node) || isSeq(node)) && node.anchor !== undefined) {
      this.#anchors.set(node.anchor, { node: made, values: this.#values - before });
    }
    return made;
  }

  #value(node: unknown, { mark, depth, paths }: Around): ConfigNode {
    if (isScalar(node)) return { kind: "scalar", ...scalarOf(node), mark };
    if (isSeq(node)) {
      const items = node.items.map((item) =>
        this.convert(item, { mark: this.#start(item) ?? mark, depth: depth + 1, paths: false }),
      );
      return { kind: "list", items, mark };
    }
    if (isMap(node)) return this.#map(node.items, { mark, depth, paths });
    return { kind: "scalar", value: null, mark };
  }

  /**
   * A map's own keys, over what it merges. Duplicates are found here and not by the parser, whose search compares every key with
   * every other: a file of 50 000 keys would take it ten seconds.
   */
  #map(pairs: readonly Pair[], { mark, depth, paths }: Around): ConfigNode {
    const entries = new Map<string, ConfigNode>();
    const merged: ConfigNode[] = [];
    const seen = new Map<string, Mark>();
    for (const { key, value } of pairs) {
      const at = this.#start(key) ?? mark;
      const inside = { mark: at, depth: depth + 1, paths };
      const name = isScalar(key) ? keyOf(key) : undefined;
      if (isScalar(key) && key.source === "<<" && key.type === "PLAIN") {
        merged.push(...this.#mergeSources(this.convert(value, inside), at));
      } else if (name !== undefined) {
        const first = seen.get(name);
        if (first !== undefined) this.#fail(`the key stands twice in one map, first in line ${first.line}`, at);
        seen.set(name, at);
        put(entries, paths ? name.split("::") : [name], this.convert(value, inside));
      } else {
        this.#fail("a key must be text; write it in quotes", at);
      }
    }
    // What a map says itself wins over what it merges, and an earlier source wins over a later one (YAML merge type).
    const base = new Map(merged.reverse().flatMap((source) => (source.kind === "map" ? [...source.entries] : [])));
    return { kind: "map", entries: new Map([...base, ...entries]), mark };
  }

  /** The maps that `<<` names; anything else is a problem. */
  #mergeSources(source: ConfigNode, mark: Mark): readonly ConfigNode[] {
    const sources = source.kind === "list" ? source.items : [source];
    if (sources.every(({ kind }) => kind === "map")) return sources;
    this.#fail("<< takes a map or a list of maps, such as <<: *name", mark);
    return [];
  }

  /** Anchors are gathered in the order of the text, so the one that is found is the nearest above, as YAML wants. */
  #alias({ source }: Alias, mark: Mark): ConfigNode | undefined {
    const anchor = this.#anchors.get(source);
    if (anchor === undefined)
      this.#fail("an alias (*name) needs its anchor (&name) before it, and not around it", mark);
    this.#values += anchor?.values ?? 0;
    return anchor?.node;
  }

  /** Where a key or an element begins. */
  #start(node: unknown): Mark | undefined {
    if (!isScalar(node) && !isMap(node) && !isSeq(node) && !isAlias(node)) return undefined;
    return node.range ? this.#markAt(node.range[0]) : undefined;
  }

  /** Checked before anything is made of a value, so that no alias multiplies before it is counted. */
  #withinLimits(depth: number, mark: Mark): boolean {
    if (depth <= YAML_LIMITS.depth && this.#values <= YAML_LIMITS.values) return true;
    // Said once: everything below and after is over the limit as well.
    if (!this.#overLimit) {
      this.#fail(
        depth > YAML_LIMITS.depth
          ? `nests deeper than ${YAML_LIMITS.depth} levels`
          : `has more than ${YAML_LIMITS.values} values, those that aliases (*name) repeat included`,
        mark,
      );
    }
    this.#overLimit = true;
    return false;
  }
}

/** A key as text: `1:` and `true:` are as good as in quotes, as upstream. Undefined for a key that is nothing. */
function keyOf(key: YamlScalar): string | undefined {
  const { value, written } = scalarOf(key);
  return value === null ? undefined : (written ?? String(value));
}

/** Puts a value at a path of keys; maps on the way merge with what is there (Collector: confmap's key delimiter). */
function put(entries: Map<string, ConfigNode>, path: readonly string[], value: ConfigNode): void {
  // An empty part, as in ::1, is no path: such a key is a name that somebody meant.
  const [first = "", ...rest] = path.includes("") ? [path.join("::")] : path;
  const nested = rest.reduceRight<ConfigNode>((inner, part) => {
    return { kind: "map", entries: new Map([[part, inner]]), mark: value.mark };
  }, value);
  const before = entries.get(first);
  entries.set(first, before === undefined ? nested : mergeNodes(before, nested));
}
