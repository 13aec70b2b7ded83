/** Turns a tree into the plain values that fields read, choosing between a value and its text as the field wants it. */
import type { FieldDoc, Fields } from "@rondo/core";
import type { ConfigNode } from "./tree.ts";

/** Types of fields that read text: they get `0123` where a number would be 83. Choices (`a | b`) count as text as well. */
const TEXT_TYPES: ReadonlySet<string> = new Set([
  "text",
  "secret",
  "secret URL",
  "path",
  "host:port",
  "URL",
  "regular expression (RE2)",
]);

/** True when a field of this type takes the text of a value rather than the value (Collector: a target of kind string). */
export function takesText(docs: FieldDoc | undefined): boolean {
  if (docs === undefined || /^(?:list|map) of /.test(docs.type)) return false;
  return TEXT_TYPES.has(docs.type) || docs.type.includes(" | ");
}

/** What `Field.read` gets: text, number, bigint, boolean, null, array or Map; undefined for an absent node. */
export function rawValue(node: ConfigNode | undefined, docs?: FieldDoc): unknown {
  if (node === undefined) return undefined;
  // Of a choice, the empty text of an unset variable is no member; nothing, and with it the default, is what is left.
  const isUnsetChoice = node.written === "" && docs?.type !== "text" && docs?.type !== "secret";
  if (node.written !== undefined && takesText(docs) && !isUnsetChoice) return node.written;
  if (node.kind === "scalar") return node.value;
  if (node.kind === "list") return node.items.map((item) => rawValue(item, elementDocs(docs)));
  return new Map([...node.entries].map(([key, one]) => [key, rawValue(one, childDocs(docs, key))]));
}

/** The documentation of the field under a key: its own, or that of every value of a map with free keys. */
export function childDocs(docs: FieldDoc | undefined, key: string): FieldDoc | undefined {
  const children = docs?.children;
  if (children === undefined) return undefined;
  return Object.hasOwn(children, key) ? children[key] : children["*"];
}

/** The documentation of a list's elements. A list made by hand may document its element's fields as its own. */
export function elementDocs(docs: FieldDoc | undefined): FieldDoc | undefined {
  return docs?.children?.["[]"] ?? (docs?.children === undefined ? undefined : docs);
}

/** The documentation of a map with these fields, so that each value is turned into what its own field reads. */
export function docsAsGroup(fields: Fields): FieldDoc {
  const children = Object.fromEntries(Object.entries(fields).map(([key, one]) => [key, one.docs]));
  return { type: "map", doc: "", required: false, children };
}
