/**
 * `include` and `exclude` of the attributes processor: which items are edited, by properties of theirs and of what stands
 * around them. Semantics: the Collector's internal/filter. Every property that is set must match.
 */
import {
  choice,
  Fault,
  type Field,
  flag,
  group,
  integer,
  list,
  optional,
  type Place,
  text,
  type ValuesOf,
} from "@rondo/core";
import { type ItemWhere, SIGNALS, type Signal } from "@rondo/otlp";
import { attributeValue } from "./attribute-value.ts";
import { attributesWhere, type WantedAttribute, type WantedLibrary, wheres } from "./item-where.ts";
import { compilePattern } from "./pattern.ts";
import { remembered } from "./remembered.ts";

const ATTRIBUTE = group("An attribute that must be there.", {
  key: text("Its key."),
  value: optional(attributeValue("Its value, of the same type; with match_type regexp an expression. Absent: any.")),
});

const LIBRARY = group("An instrumentation scope.", {
  name: text("Its name."),
  version: optional(text("Its version; absent: any.")),
});

const FIELDS = {
  match_type: choice("strict: texts are equal. regexp: an RE2 expression is found somewhere in the text.", [
    "strict",
    "regexp",
  ]),
  regexp: optional(
    group("The Collector's cache of answers; ours needs no setting, so this has no effect.", {
      cacheenabled: flag("Whether there is one.", false),
      cachemaxnumentries: integer("Its size.", 0),
    }),
  ),
  services: list("Spans: service.name of the resource is one of these.", text("A name."), []),
  span_names: list("Spans: the name is one of these.", text("A name."), []),
  span_kinds: list("Spans: the kind is one of these, such as SPAN_KIND_SERVER.", text("A kind."), []),
  log_bodies: list("Log records: the body as text is one of these.", text("A body."), []),
  log_severity_texts: list("Log records: the severity text is one of these.", text("A severity."), []),
  log_severity_number: optional(
    group("Log records: the severity number.", {
      min: integer("The least that matches, such as 9 for INFO.", 0, { max: 24 }),
      match_undefined: flag("Whether a record without a severity number matches.", false),
    }),
  ),
  metric_names: list("Metrics: the name is one of these.", text("A name."), []),
  attributes: list("Spans and log records: all of these are there.", ATTRIBUTE, []),
  resources: list("The resource has all of these.", ATTRIBUTE, []),
  libraries: list("Spans and log records: the scope is each of these.", LIBRARY, []),
};

type MatchValues = ValuesOf<typeof FIELDS>;

/** A property that can be matched by. */
type Property = Exclude<keyof MatchValues, "match_type" | "regexp">;

/** Makes a test of texts out of one that is written; undefined after a problem. */
type Words = (written: string, place: Place) => ((found: string) => boolean) | undefined;

interface PropertyRule {
  readonly signals: readonly Signal[];
  /** The predicate, of a property that is set; undefined after a problem. */
  readonly where: (values: MatchValues, words: Words, place: Place) => ItemWhere | undefined;
}

const RULES: Readonly<Record<Property, PropertyRule>> = {
  services: { signals: ["traces"], where: anyOf("services", wheres.service) },
  span_names: { signals: ["traces"], where: anyOf("span_names", wheres.spanName) },
  span_kinds: { signals: ["traces"], where: spanKinds },
  log_bodies: { signals: ["logs"], where: anyOf("log_bodies", wheres.logBody) },
  log_severity_texts: { signals: ["logs"], where: anyOf("log_severity_texts", wheres.severityText) },
  log_severity_number: {
    signals: ["logs"],
    where: ({ log_severity_number: severity }) =>
      wheres.severityNumber(severity?.min ?? 0, severity?.match_undefined ?? false),
  },
  metric_names: { signals: ["metrics"], where: anyOf("metric_names", wheres.metricName) },
  attributes: { signals: ["traces", "logs"], where: attributes("attributes", attributesWhere.item) },
  resources: { signals: SIGNALS, where: attributes("resources", attributesWhere.resource) },
  libraries: { signals: ["traces", "logs"], where: libraries },
};

/** What `include` or `exclude` parses to. */
export interface ItemMatch {
  /** The properties that were set; at least one. */
  readonly properties: readonly Property[];
  /** Whether an item matches in all of them. */
  readonly matches: ItemWhere;
}

/** A field of match properties; absent it is null. */
export function itemMatch(doc: string): Field<ItemMatch | null> {
  const inner = optional(group(doc, FIELDS));
  return {
    docs: inner.docs,
    read(raw, place) {
      const values = inner.read(raw, place);
      return values && matchOf(values, place);
    },
  };
}

function matchOf(values: MatchValues, place: Place): ItemMatch | undefined {
  const properties = PROPERTIES.filter((name) => isSet(values[name]));
  if (properties.length === 0) {
    place.problem(`names nothing to match by; set at least one of ${PROPERTIES.join(", ")}`);
    return undefined;
  }
  const words = wordsOf(values.match_type);
  const found = properties.map((name) => RULES[name].where(values, words, place.at(name)));
  const all = found.filter((where) => where !== undefined);
  if (all.length < found.length) return undefined;
  return { properties, matches: (item, around) => all.every((where) => where(item, around)) };
}

// The keys of RULES are its properties, by its type.
const PROPERTIES = Object.keys(RULES) as readonly Property[];

function isSet(value: MatchValues[Property]): boolean {
  return value !== null && (!Array.isArray(value) || value.length > 0);
}

/**
 * The predicate of `include` and `exclude` together: matched by the one if there is one, and not by the other. Undefined when
 * everything is edited. Throws a `config` Fault for a property that `signal` does not have: to act on everything instead of
 * some would be worse than not to start.
 */
export function whereOf(
  signal: Signal,
  { include, exclude }: { readonly include: ItemMatch | null; readonly exclude: ItemMatch | null },
  id: string,
): ItemWhere | undefined {
  for (const [key, match] of Object.entries({ include, exclude })) {
    const foreign = match?.properties.find((name) => !RULES[name].signals.includes(signal));
    if (foreign === undefined) continue;
    throw new Fault(
      "config",
      `processors::${id}::${key}::${foreign}: is for ${RULES[foreign].signals.join(" and ")}, but the processor is in a ` +
        `pipeline of ${signal}; give that pipeline a processor of its own`,
    );
  }
  if (include === null && exclude === null) return undefined;
  return (item, around) =>
    (include === null || include.matches(item, around)) && !(exclude?.matches(item, around) ?? false);
}

function wordsOf(type: MatchValues["match_type"]): Words {
  if (type === "strict") return (written) => (found) => found === written;
  return (written, place) => {
    const pattern = compilePattern(written, place);
    return pattern && remembered((found) => pattern.test(found));
  };
}

type TextProperty = { [P in Property]: MatchValues[P] extends readonly string[] ? P : never }[Property];

function anyOf(name: TextProperty, where: (test: (found: string) => boolean) => ItemWhere): PropertyRule["where"] {
  return (values, words, place) => {
    const tests = values[name].map((written, index) => words(written, place.at(index)));
    const all = tests.filter((test) => test !== undefined);
    return all.length < tests.length ? undefined : where((found) => all.some((test) => test(found)));
  };
}

function spanKinds(values: MatchValues, words: Words, place: Place): ItemWhere | undefined {
  const known = wheres.spanKinds;
  const wrong = values.match_type === "strict" ? values.span_kinds.find((kind) => !known.includes(kind)) : undefined;
  if (wrong === undefined) return anyOf("span_kinds", wheres.spanKind)(values, words, place);
  place.problem(`"${wrong.slice(0, 40)}" is no kind; known: ${known.join(", ")}`);
  return undefined;
}

function attributes(
  name: "attributes" | "resources",
  where: (wanted: readonly WantedAttribute[]) => ItemWhere,
): PropertyRule["where"] {
  return (values, words, place) => {
    const wanted: WantedAttribute[] = [];
    for (const [index, { key, value }] of values[name].entries()) {
      const at = place.at(index);
      if (key === "") at.at("key").problem("must not be empty");
      else if (value === null) wanted.push({ key });
      else if (values.match_type === "strict") wanted.push({ key, value });
      else {
        const written = wheres.textOf(value);
        if (written === undefined) at.at("value").problem("must be text, for match_type regexp");
        const test = written === undefined ? undefined : words(written, at.at("value"));
        if (test !== undefined) wanted.push({ key, test });
      }
    }
    return wanted.length < values[name].length ? undefined : where(wanted);
  };
}

function libraries(values: MatchValues, words: Words, place: Place): ItemWhere | undefined {
  const wanted: WantedLibrary[] = [];
  for (const [index, { name, version }] of values.libraries.entries()) {
    const at = place.at(index);
    const isName = words(name, at.at("name"));
    const isVersion = version === null ? () => true : words(version, at.at("version"));
    if (isName !== undefined && isVersion !== undefined) wanted.push({ isName, isVersion });
  }
  return wanted.length < values.libraries.length ? undefined : wheres.libraries(wanted);
}
