/** Predicates on items, read from the wire by cursors: what `include` and `exclude` come down to. */
import {
  ANY,
  type Around,
  attributeOf,
  Cursor,
  type ItemWhere,
  memberOf,
  merged,
  RESOURCE_ATTRIBUTES,
  valueText,
  Wire,
} from "@rondo/otlp";

/** Field numbers. opentelemetry-proto: trace.proto, logs.proto, metrics.proto, common.proto. */
const SPAN = { name: 5, kind: 6 } as const;
const LOG = { severityNumber: 2, severityText: 3, body: 5 } as const;
const METRIC = { name: 1 } as const;
const SCOPE = { name: 1, version: 2 } as const;

/** Span.kind by number. */
const KINDS = ["UNSPECIFIED", "INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER"].map(
  (kind) => `SPAN_KIND_${kind}`,
);

const utf8 = new TextEncoder();
const SERVICE_NAME = utf8.encode("service.name");
/** What the Collector takes for the name of a service that has none. */
const NO_SERVICE = "<nil-service-name>";

/** An attribute that must be there: of this value, or passing this test as text, or whatever it is. */
export interface WantedAttribute {
  readonly key: string;
  /** AnyValue bytes. */
  readonly value?: Uint8Array;
  readonly test?: (text: string) => boolean;
}

/** A scope that must be the item's. */
export interface WantedLibrary {
  readonly isName: (name: string) => boolean;
  readonly isVersion: (version: string) => boolean;
}

type Test = (text: string) => boolean;

/** Makers of predicates; a `test` gets the property as text, "" where it is absent. */
export const wheres = {
  service: (test: Test): ItemWhere =>
    once("resource", (resource) => {
      const value = attributeOf(resource, RESOURCE_ATTRIBUTES, SERVICE_NAME);
      return test(value === undefined ? NO_SERVICE : valueText(value));
    }),
  spanName:
    (test: Test): ItemWhere =>
    (item) =>
      test(textField(inside(item), SPAN.name)),
  spanKind:
    (test: Test): ItemWhere =>
    (item) =>
      test(KINDS[numberField(inside(item), SPAN.kind)] ?? ""),
  /** The kinds that a span can be said to have. */
  spanKinds: KINDS.slice(1),
  logBody:
    (test: Test): ItemWhere =>
    (item) =>
      test(valueText(merged(item, LOG.body))),
  severityText:
    (test: Test): ItemWhere =>
    (item) =>
      test(textField(inside(item), LOG.severityText)),
  severityNumber:
    (min: number, undefinedToo: boolean): ItemWhere =>
    (item) => {
      const severity = numberField(inside(item), LOG.severityNumber);
      return severity === 0 ? undefinedToo : severity >= min;
    },
  metricName: (test: Test): ItemWhere => once("metric", (metric) => test(textField(new Cursor(metric), METRIC.name))),
  libraries: (wanted: readonly WantedLibrary[]): ItemWhere =>
    once("scope", (scope) => {
      const name = textField(new Cursor(scope), SCOPE.name);
      const version = textField(new Cursor(scope), SCOPE.version);
      return wanted.every(({ isName, isVersion }) => isName(name) && isVersion(version));
    }),
  /** The text of an AnyValue that is one; undefined for any other. */
  textOf(value: Uint8Array): string | undefined {
    const member = memberOf(value);
    return member?.field === ANY.string ? member.text() : undefined;
  },
} as const;

/** Makers of predicates on all of several attributes. */
export const attributesWhere = {
  item(wanted: readonly WantedAttribute[]): ItemWhere {
    const has = hasAll(wanted);
    return (item, { attributes }) => has(item.slice(), attributes);
  },
  resource(wanted: readonly WantedAttribute[]): ItemWhere {
    const has = hasAll(wanted);
    return once("resource", (resource) => has(resource, RESOURCE_ATTRIBUTES));
  },
} as const;

/**
 * Asks once for each resource, scope or metric, whose items follow one another. The answers hang on the messages, so that
 * nothing of a record stays when it goes.
 */
function once(around: "resource" | "scope" | "metric", test: (message: Uint8Array) => boolean): ItemWhere {
  const known = new WeakMap<Uint8Array, boolean>();
  return (_, { [around]: message }: Around) => {
    const before = known.get(message);
    if (before !== undefined) return before;
    const answer = test(message);
    known.set(message, answer);
    return answer;
  };
}

function hasAll(wanted: readonly WantedAttribute[]): (message: Uint8Array, attributes: number) => boolean {
  const keyed = wanted.map((one) => ({ ...one, bytes: utf8.encode(one.key) }));
  return (message, attributes) =>
    keyed.every(({ bytes, value, test }) => {
      const found = attributeOf(message, attributes, bytes);
      if (found === undefined) return false;
      if (value !== undefined) return equal(value, found);
      return test === undefined || scalarMatches(found, test);
    });
}

const SCALARS: ReadonlySet<number> = new Set([ANY.string, ANY.bool, ANY.int, ANY.double]);

function scalarMatches(value: Uint8Array, test: Test): boolean {
  return SCALARS.has(memberOf(value)?.field ?? 0) && test(valueText(value));
}

/** Whether two AnyValues are of one type and say the same; a map does so in any order of its keys. */
function equal(wanted: Uint8Array, found: Uint8Array): boolean {
  const [a, b] = [memberOf(wanted), memberOf(found)];
  if (a === undefined || b === undefined) return a === b;
  if (a.field !== b.field) return false;
  return a.field === ANY.double ? a.double() === b.double() : valueText(wanted) === valueText(found);
}

function inside(item: Cursor): Cursor {
  return new Cursor(item.bytes).enter(item);
}

/** A text of the message that `field` stands before; the last one on the wire counts. */
function textField(field: Cursor, number: number): string {
  let found = "";
  while (field.next()) if (field.is(number, Wire.bytes)) found = field.text();
  return found;
}

function numberField(field: Cursor, number: number): number {
  let found = 0;
  while (field.next()) if (field.is(number, Wire.varint)) found = field.number();
  return found;
}
