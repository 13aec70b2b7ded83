/**
 * The actions of the attributes and resource processors: how they are written, what each may say, and the edits of
 * attribute lists that they become. Semantics: the Collector's attributesprocessor and resourceprocessor.
 */
import { type Field, field, group, list, optional, type Place, suggestion, text, type ValuesOf } from "@rondo/core";
import type { Edit } from "@rondo/otlp";
import type { RE2JS } from "re2js";
import { attributeValue } from "./attribute-value.ts";
import { type ClientEdit, metadataKeyOf } from "./client-value.ts";
import { pattern } from "./pattern.ts";
import { remembered } from "./remembered.ts";

const ACTIONS = ["insert", "update", "upsert", "delete", "hash", "extract", "convert"] as const;
type Action = (typeof ACTIONS)[number];

const TYPES = ["int", "double", "string"] as const;

const FIELDS = {
  key: text("The attribute to act on.", ""),
  action: field<Action>(
    ACTIONS.join(" | "),
    "What to do, in any case. insert: only where the key is absent; update: only where it is present; upsert: both.",
    (raw, place) => {
      const word = String(raw).toLowerCase();
      const action = ACTIONS.find((known) => known === word);
      if (action === undefined) place.problem(`"${word.slice(0, 40)}" is no action${suggestion(word, ACTIONS)}`);
      return action;
    },
  ),
  value: optional(attributeValue("The value to set; its type is the one that YAML gives it.")),
  from_attribute: text("Sets the value of another attribute of the same list; without that one, nothing is done.", ""),
  from_context: text(
    "Sets a header of the request, as metadata.<header>, several values joined by ;. The receiver needs include_metadata; " +
      "without the header nothing is done. auth.<name> and client.address are not built yet: refused.",
    "",
  ),
  default_value: optional(attributeValue("The value to set where the source has none.")),
  pattern: pattern("delete, hash: keys to act on. extract: the expression, whose groups all have names."),
  converted_type: optional(text("convert: the type to convert to: int, double or string.")),
};

/** Edits in order, some of which wait for the batch's client metadata. */
export type Edits = readonly (Edit | ClientEdit)[];

type ActionValues = ValuesOf<typeof FIELDS>;
type Given = keyof ActionValues;

/** Which keys each action takes besides `key` and `action`, and what it becomes; undefined after a problem. */
const RULES: Readonly<
  Record<
    Action,
    { readonly takes: readonly Given[]; readonly edits: (v: ActionValues, place: Place) => Edits | undefined }
  >
> = {
  insert: { takes: ["value", "from_attribute", "from_context", "default_value"], edits: sets("insert") },
  update: { takes: ["value", "from_attribute", "from_context", "default_value"], edits: sets("update") },
  upsert: { takes: ["value", "from_attribute", "from_context", "default_value"], edits: sets("upsert") },
  delete: { takes: ["pattern"], edits: removes("delete") },
  hash: { takes: ["pattern"], edits: removes("hash") },
  extract: { takes: ["pattern"], edits: extracts },
  convert: { takes: ["converted_type"], edits: converts },
};

/** The field of a list of actions, required and not empty; it parses to the edits in their order. */
export function actions(doc: string): Field<Edits> {
  const element = group("One action.", FIELDS);
  const inner = list(doc, {
    docs: element.docs,
    read(raw, place) {
      const values = element.read(raw, place);
      return values && editsOf(values, place);
    },
  });
  return {
    docs: inner.docs,
    read(raw, place) {
      const edits = inner.read(raw, place);
      if (edits === undefined) return undefined;
      if (Array.isArray(raw) && raw.length === 0) place.problem("is empty: name at least one action");
      // An action with a problem has no edits; the problem keeps the configuration from running.
      return edits.flat();
    },
  };
}

function editsOf(values: ActionValues, place: Place): Edits | undefined {
  const { takes, edits } = RULES[values.action];
  const foreign = given(values).filter((name) => !takes.includes(name));
  for (const name of foreign) place.at(name).problem(`is not used by ${values.action}; remove it`);
  const needsKey = values.action !== "delete" && values.action !== "hash";
  if (values.key === "" && needsKey) place.at("key").problem(`is required by ${values.action}`);
  return foreign.length > 0 || (values.key === "" && needsKey) ? undefined : edits(values, place);
}

/** The keys that were set; an empty text counts as absent, as in the Collector. */
function given(values: ActionValues): readonly Given[] {
  const named: readonly Given[] = [
    "value",
    "from_attribute",
    "from_context",
    "default_value",
    "pattern",
    "converted_type",
  ];
  return named.filter((name) => values[name] !== null && values[name] !== "");
}

/** Where a value may come from. */
const SOURCES: readonly Given[] = ["value", "from_attribute", "from_context"];

function sets(action: "insert" | "update" | "upsert") {
  return (values: ActionValues, place: Place): Edits | undefined => {
    const { key, value, from_attribute: from, from_context: context, default_value: fallback } = values;
    const sources = given(values).filter((name) => SOURCES.includes(name));
    if (sources.length > 1) {
      place.problem(`${action} takes one of ${SOURCES.join(", ")}, but ${sources.join(" and ")} are set`);
      return undefined;
    }
    if (context !== "") {
      const fromMetadata = metadataKeyOf(context, place.at("from_context"));
      return fromMetadata === undefined ? undefined : [{ action, key, fromMetadata, fallback }];
    }
    const constant = value ?? (from === "" ? fallback : null);
    if (constant !== null) return [{ action, key, value: constant }];
    if (from !== "") return setsFrom(action, key, from, fallback);
    place.problem(`${action} needs one of ${SOURCES.join(", ")}`);
    return undefined;
  };
}

/** Copying with a default takes two edits, of which the second sees what the first did. */
function setsFrom(
  action: "insert" | "update" | "upsert",
  key: string,
  from: string,
  fallback: Uint8Array | null,
): readonly Edit[] {
  const copy: Edit = { action, key, fromAttribute: from };
  if (fallback === null) return [copy];
  // An attribute that is its own source is there, and stays; or it is not, and only the default is left to set.
  if (key === from) return action === "update" ? [] : [{ action: "insert", key, value: fallback }];
  const preset: Edit = { action, key, value: fallback };
  // An insert happens once, so the copy goes first; the others happen each time, so it goes last.
  return action === "insert" ? [copy, preset] : [preset, copy];
}

function removes(action: "delete" | "hash") {
  return ({ key, pattern }: ActionValues, place: Place): readonly Edit[] | undefined => {
    if (pattern === null) {
      if (key !== "") return [{ action, key }];
      place.problem(`${action} needs key or pattern`);
      return undefined;
    }
    const matches = remembered((candidate) => pattern.test(candidate));
    return [key === "" ? { action, matches } : { action, key, matches }];
  };
}

function extracts({ key, pattern }: ActionValues, place: Place): readonly Edit[] | undefined {
  if (pattern === null) {
    place.at("pattern").problem("is required by extract");
    return undefined;
  }
  const names = Object.keys(pattern.namedGroups());
  if (names.length === 0 || names.length !== pattern.groupCount()) {
    place.at("pattern").problem("must have groups, all of them named, as in (?P<user>[a-z]+)");
    return undefined;
  }
  return [{ action: "extract", key, extract: (value) => groupsOf(pattern, names, value) }];
}

/** Every named group with its text, "" for one that took no part in the match; undefined without a match. */
function groupsOf(pattern: RE2JS, names: readonly string[], value: string) {
  const matcher = pattern.matcher(value);
  return matcher.find() ? names.map((name) => [name, matcher.group(name) ?? ""] as const) : undefined;
}

function converts({ key, converted_type: written }: ActionValues, place: Place): readonly Edit[] | undefined {
  const to = TYPES.find((type) => type === written);
  if (to !== undefined) return [{ action: "convert", key, to }];
  place.at("converted_type").problem(`must be one of ${TYPES.join(", ")}`);
  return undefined;
}
