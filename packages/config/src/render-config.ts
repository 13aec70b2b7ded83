/** The configuration as it takes effect: merged, expanded, defaults filled in, and nothing in it that is nobody's business. */
import type { ComponentTypes, FieldDoc, Fields } from "@rondo/core";
import { parse, stringify } from "yaml";
import { alertsFields } from "./alerts-section.ts";
import { brokerFields } from "./broker-section.ts";
import { lookUp, SECTION_NAMES, type SectionName } from "./catalogue.ts";
import { childDocs, docsAsGroup, elementDocs, rawValue } from "./raw-value.ts";
import { type ConfigNode, emptyMap, entriesOf, isNothing, nodeAt } from "./tree.ts";
import { windowsFields } from "./windows-section.ts";

/** What stands in the place of a secret. */
export const REDACTED = "[REDACTED]";

/** Keys whose values are secrets wherever no field says what they are: in components that are not built yet. */
const TELLTALE =
  /pass|secret|token|api[-_]?key|credential|authorization|private|headers|cookie|dsn|connection[-_]?string|_pem$/i;

/** A password in a URL, between the user's name and the host. */
const URL_PASSWORD = /([a-z][a-z0-9+.-]*:\/\/[^\s/@:]*):[^\s/@]+@/gi;

/** What a default is written as where there is none to show. */
const NO_DEFAULT: ReadonlySet<string> = new Set(["none", "off"]);

/** A section of Rondo's own. */
interface OwnSection {
  readonly fields: Fields;
  /** Whether its defaults take effect where nothing is written. */
  readonly always: boolean;
  /** A key whose defaults take no effect where the other key is written: a section has one of the two. */
  readonly unless?: readonly [key: string, other: string];
}

const OWN_SECTIONS: Readonly<Record<string, OwnSection>> = {
  broker: { fields: brokerFields, always: true, unless: ["embedded", "kafka"] },
  windows: { fields: windowsFields, always: false },
  alerts: { fields: alertsFields, always: false },
};

/**
 * YAML of a merged configuration (`LoadedConfig.merged`), which may have problems. Known components show every field with its
 * value or default; a secret is `[REDACTED]`. Where fields are unknown, so is everything that came from the environment or a
 * file and every value under a key such as `password`.
 */
export function renderConfig(merged: ConfigNode, types: ComponentTypes): string {
  const page = new Map<string, unknown>();
  for (const [key, node] of entriesOf(merged)) {
    const section = SECTION_NAMES.find((name) => name === key);
    if (section !== undefined) page.set(key, renderSection(node, section, types));
    else if (key === "service") page.set(key, renderService(node));
    else if (!Object.hasOwn(OWN_SECTIONS, key)) page.set(key, TELLTALE.test(key) ? REDACTED : guarded(node));
  }
  const defaulted = extensionsByDefault(merged, types);
  if (defaulted.size > 0) page.set("extensions", new Map([...asMap(page.get("extensions")), ...defaulted]));
  const given = entriesOf(merged);
  for (const [key, section] of Object.entries(OWN_SECTIONS)) {
    const node = given.get(key) ?? (section.always ? emptyMap({ file: "" }) : undefined);
    if (node !== undefined) page.set(key, effective(node, docsAsGroup(fieldsThatCount(node, section))));
  }
  return stringify(page, { lineWidth: 0, aliasDuplicateObjects: false });
}

/** The fields that something is to be shown of. */
function fieldsThatCount(node: ConfigNode, { fields, unless }: OwnSection): Fields {
  const given = entriesOf(node);
  const [key = "", other = ""] = unless ?? [];
  if (isNothing(given.get(other)) || !isNothing(given.get(key))) return fields;
  return Object.fromEntries(Object.entries(fields).filter(([name]) => name !== key));
}

function renderSection(node: ConfigNode, section: SectionName, types: ComponentTypes): unknown {
  if (node.kind !== "map") return guarded(node);
  const components = [...node.entries].map(([id, one]) => {
    const known = lookUp(types, section, id.split("/", 1)[0]?.trim() ?? id);
    return [id, known.status === "built" ? effective(one, docsAsGroup(known.type.fields)) : guarded(one)] as const;
  });
  return new Map(components);
}

/** Extensions that the service names without a block, with the defaults that they run with. */
function extensionsByDefault(merged: ConfigNode, types: ComponentTypes): ReadonlyMap<string, unknown> {
  const named = nodeAt(merged, ["service", "extensions"]);
  const ids = named?.kind === "list" ? named.items.map((item) => String(rawValue(item))) : [];
  const blocks = entriesOf(nodeAt(merged, ["extensions"]));
  const made = ids.flatMap((id) => {
    const known = lookUp(types, "extensions", id.split("/", 1)[0] ?? id);
    if (blocks.has(id) || known.status !== "built") return [];
    return [[id, effective(emptyMap({ file: "" }), docsAsGroup(known.type.fields))] as const];
  });
  return new Map(made);
}

const asMap = (value: unknown): ReadonlyMap<unknown, unknown> => (value instanceof Map ? value : new Map());

/** Ids of components and pipelines are no secrets, wherever they come from. */
function renderService(node: ConfigNode): unknown {
  if (node.kind !== "map") return guarded(node);
  const plain = ["pipelines", "extensions"];
  return new Map([...node.entries].map(([key, one]) => [key, plain.includes(key) ? rawValue(one) : guarded(one)]));
}

/** The value that a field takes: what is written, else its default; undefined when there is neither. */
function effective(node: ConfigNode | undefined, docs: FieldDoc | undefined): unknown {
  if (docs === undefined) return node === undefined ? undefined : guarded(node);
  if (node === undefined || (isNothing(node) && !isGroup(docs))) return defaultOf(docs);
  if (docs.type === "secret") return REDACTED;
  if (docs.type === "secret URL") return address(rawValue(node, docs));
  if (isGroup(docs) && (node.kind === "map" || isNothing(node))) return effectiveGroup(node, docs);
  if (node.kind === "list" && (elementDocs(docs) !== undefined || !holdsSecret(docs)))
    return node.items.map((item) => effective(item, elementDocs(docs)));
  if (node.kind === "map") {
    return new Map([...node.entries].map(([key, one]) => [key, effective(one, childDocs(docs, key) ?? ANY)]));
  }
  // One value where a map or a list of secrets belongs is a mistake, and a secret.
  return holdsSecret(docs) ? REDACTED : withoutPassword(rawValue(node, docs));
}

/** Whether a field is a secret, or holds one at any depth. */
function holdsSecret({ type, children }: FieldDoc): boolean {
  return type === "secret" || type === "secret URL" || Object.values(children ?? {}).some(holdsSecret);
}

/** A value whose parts have no documentation of their own, such as an attribute's. */
const ANY: FieldDoc = { type: "any value", doc: "", required: false };

/** A map with known keys, as `group` documents it. */
function isGroup({ children }: FieldDoc): boolean {
  return children !== undefined && !Object.hasOwn(children, "*") && !Object.hasOwn(children, "[]");
}

function effectiveGroup(node: ConfigNode, docs: FieldDoc): ReadonlyMap<string, unknown> {
  const given = entriesOf(node);
  const keys = new Set([...Object.keys(docs.children ?? {}), ...given.keys()]);
  const values = [...keys].map((key) => {
    const known = childDocs(docs, key);
    // A key that no field knows may be a secret's, in the wrong place.
    const hidden = known === undefined && TELLTALE.test(key) && !isNothing(given.get(key));
    return [key, hidden ? REDACTED : effective(given.get(key), known)] as const;
  });
  return new Map(values.filter(([, value]) => value !== undefined));
}

/** The default as a value. A group without a default of its own is its fields' defaults. */
function defaultOf(docs: FieldDoc): unknown {
  const { fallback } = docs;
  if (fallback !== undefined) return NO_DEFAULT.has(fallback) ? undefined : parsed(fallback);
  if (!isGroup(docs) || docs.required) return undefined;
  const values = effectiveGroup(emptyMap({ file: "" }), docs);
  return values.size === 0 ? undefined : values;
}

function parsed(fallback: string): unknown {
  try {
    return parse(fallback);
  } catch {
    // A default that reads well in a page but is no YAML, such as `5s, or what the client asked for`.
    return fallback;
  }
}

/** What may be shown of a value about which nothing is known. */
function guarded(node: ConfigNode): unknown {
  if (isNothing(node)) return null;
  if (node.kind === "list") return node.items.map(guarded);
  if (node.kind === "map") {
    return new Map(
      [...node.entries].map(([key, one]) => [key, TELLTALE.test(key) && !isNothing(one) ? REDACTED : guarded(one)]),
    );
  }
  return node.foreign === true ? REDACTED : withoutPassword(node.value);
}

/** The parts of an address that are no secret, where it has others: scheme, host with its port, and a number such as Redis's database. */
const ADDRESS = /^([a-z][a-z0-9+.-]*:\/\/)([^/?#]*@)?((?:[\w.-]+|\[[\da-f:.]+\])(?::\d+)?(?:\/\d*)?)$/i;

/** An address without user and password: it still is one, and says where. What is no address is shown as other secrets are. */
function address(value: unknown): string {
  const [, scheme, user, host] = ADDRESS.exec(String(value)) ?? [];
  if (scheme === undefined || host === undefined) return REDACTED;
  return `${scheme}${user === undefined ? "" : `${REDACTED}@`}${host}`;
}

function withoutPassword(value: unknown): unknown {
  return typeof value === "string" ? value.replace(URL_PASSWORD, `$1:${REDACTED}@`) : value;
}
