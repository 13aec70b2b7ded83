/** What a configuration is between YAML and the graph: a tree that remembers where each value was written. */

/** Where something stands in the files that make up a configuration. */
export interface Mark {
  /** The file as the user named it, or `--set <path>`. */
  readonly file: string;
  /** Counted from 1; absent where there are no lines. */
  readonly line?: number;
}

/** A value that YAML calls a scalar. Whole numbers beyond 2^53 are bigints, so that no digit is lost. */
export type Scalar = string | number | bigint | boolean | null;

interface Written {
  readonly mark: Mark;
  /**
   * The text that the value was made of, where it is not the value itself: `0123` of 83. A field of text takes this one,
   * as in the Collector, so that a password of digits stays what it is.
   */
  readonly written?: string;
  /** The value, or a part of it, came from outside the files and is shown to nobody unless its field is known. */
  readonly foreign?: boolean;
}

/** One value. */
export interface ScalarNode extends Written {
  readonly kind: "scalar";
  readonly value: Scalar;
}

/** A list; merging replaces it whole. */
export interface ListNode extends Written {
  readonly kind: "list";
  readonly items: readonly ConfigNode[];
}

/** A map with text keys, in the order of the file; a Map, so that no key has a meaning to JavaScript. */
export interface MapNode extends Written {
  readonly kind: "map";
  readonly entries: ReadonlyMap<string, ConfigNode>;
}

/** A node of the tree; never changed after it was made. */
export type ConfigNode = ScalarNode | ListNode | MapNode;

/** An empty map, as of an empty file. */
export function emptyMap(mark: Mark): MapNode {
  return { kind: "map", entries: new Map(), mark };
}

/** True for an explicit nothing: `key:` without a value. */
export function isNothing(node: ConfigNode | undefined): boolean {
  return node === undefined || (node.kind === "scalar" && node.value === null);
}

/** The entries of a map node; none for any other node, whose wrong kind is reported where it is read. */
export function entriesOf(node: ConfigNode | undefined): ReadonlyMap<string, ConfigNode> {
  return node?.kind === "map" ? node.entries : new Map();
}

/** The node at a path of keys and indexes; undefined when there is none. */
export function nodeAt(root: ConfigNode | undefined, path: readonly (string | number)[]): ConfigNode | undefined {
  let node = root;
  for (const key of path) {
    if (node?.kind === "map") node = node.entries.get(String(key));
    else if (node?.kind === "list") node = node.items[Number(key)];
    else return undefined;
  }
  return node;
}
