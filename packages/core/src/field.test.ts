import { inspect } from "node:util";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  choice,
  decimal,
  duration,
  type Field,
  flag,
  group,
  integer,
  list,
  map,
  nameOf,
  nearest,
  optional,
  type Place,
  parseDuration,
  readFields,
  Secret,
  secret,
  secretUrl,
  suggestion,
  text,
} from "./field.ts";

/** A place that writes down what is said, each with its path. */
function listening(): Place & { readonly said: string[] } {
  const said: string[] = [];
  const placeAt = (path: string): Place => ({
    path,
    problem: (message) => void said.push(`${path}: ${message}`),
    warn: (message) => void said.push(`warning: ${path}: ${message}`),
    at: (key) => placeAt(path === "" ? String(key) : `${path}::${key}`),
  });
  return { ...placeAt(""), said };
}

function read<T>(field: Field<T>, raw: unknown): { readonly value: T | undefined; readonly said: readonly string[] } {
  const place = listening();
  const value = field.read(raw, place.at("key"));
  return { value, said: place.said };
}

describe("a field takes", () => {
  const cases: readonly [what: string, field: Field<unknown>, raw: unknown, value: unknown][] = [
    ["text", text("d"), "a", "a"],
    ["empty text", text("d", "x"), "", ""],
    ["a number for text", text("d"), 8080, "8080"],
    ["a large number for text", text("d"), 2n ** 64n, "18446744073709551616"],
    ["a boolean for text", text("d"), true, "true"],
    ["true", flag("d"), true, true],
    ["true written as text, as an expanded variable is", flag("d"), "true", true],
    ["false written as text", flag("d", true), "false", false],
    ["a whole number", integer("d"), 8192, 8192],
    ["a whole number written as text", integer("d"), "+8192", 8192],
    ["the least", integer("d", 5, { min: 1, max: 9 }), 1, 1],
    ["the most", integer("d", 5, { min: 1, max: 9 }), 9, 9],
    ["a decimal", decimal("d"), 0.25, 0.25],
    ["a decimal written as text", decimal("d"), "-1.5e3", -1500],
    ["a duration", duration("d"), "1m30s", 90_000],
    ["a bare zero for a duration", duration("d"), 0, 0],
    ["a word of a set", choice("d", ["gzip", "none"]), "none", "none"],
    ["a list", list("d", integer("e")), [1, "2"], [1, 2]],
    ["an empty list", list("d", integer("e")), [], []],
    ["a map", map("d", integer("e")), { a: 1 }, new Map([["a", 1]])],
    ["a map with keys that are no text", map("d", text("e")), new Map([[1, "x"]]), new Map([["1", "x"]])],
    ["a group", group("d", { a: integer("e"), b: text("f", "x") }), { a: 1 }, { a: 1, b: "x" }],
  ];
  test.each(cases)("%s", (_what, field, raw, value) => {
    expect(read(field, raw)).toEqual({ value, said: [] });
  });
});

describe("a field refuses", () => {
  const cases: readonly [what: string, field: Field<unknown>, raw: unknown, said: string][] = [
    ["a list for text", text("d"), ["a"], "key: must be text, but is a list"],
    ["a map for text", text("d"), {}, "key: must be text, but is a map"],
    ["yes for a flag", flag("d"), "yes", "key: must be true or false, but is a string"],
    ["1 for a flag", flag("d"), 1, "key: must be true or false, but is a number"],
    ["a fraction for a whole number", integer("d"), 1.5, "key: must be a whole number of 0 or more"],
    ["text for a whole number", integer("d"), "1 MiB", "key: must be a whole number of 0 or more"],
    ["less than the least", integer("d", 5, { min: 1, max: 9 }), 0, "key: must be a whole number from 1 to 9"],
    ["more than the most", integer("d", 5, { min: 1, max: 9 }), "10", "key: must be a whole number from 1 to 9"],
    ["what loses digits", integer("d"), "9007199254740993", "key: must be a whole number of 0 or more"],
    ["blank text for a number", decimal("d", 1, { min: 0, max: 1 }), " ", "key: must be a number from 0 to 1"],
    ["infinity", decimal("d", 1, { min: 0, max: 1 }), Number.POSITIVE_INFINITY, "key: must be a number from 0 to 1"],
    [
      "a duration without a unit",
      duration("d"),
      "5",
      "key: must be a duration with a unit, such as 200ms, 5s or 1h30m",
    ],
    ["a number for a duration", duration("d"), 5, "key: must be a duration with a unit, such as 200ms, 5s or 1h30m"],
    ["a word of no set", choice("d", ["gzip", "none"]), "zip", "key: must be one of gzip, none"],
    ["text for a list", list("d", text("e")), "a", "key: must be a list, but is a string"],
    ["a list for a map", map("d", text("e")), [], "key: must be a map, but is a list"],
    ["text for a group", group("d", {}), "a", "key: must be a map, but is a string"],
    ["nothing where something is required", text("The endpoint."), undefined, "key: is required: The endpoint."],
    ["an empty key where something is required", integer("The port."), null, "key: is required: The port."],
  ];
  test.each(cases)("%s", (_what, field, raw, said) => {
    expect(read(field, raw)).toEqual({ value: undefined, said: [said] });
  });
});

describe("what is absent", () => {
  test("takes the default, and an empty key is absent, as in the Collector", () => {
    for (const raw of [undefined, null]) {
      expect(read(text("d", "x"), raw).value).toBe("x");
      expect(read(flag("d", false), raw).value).toBe(false);
      expect(read(duration("d", "200ms"), raw).value).toBe(200);
      expect(read(list("d", text("e"), ["a"]), raw).value).toEqual(["a"]);
      expect(read(map("d", text("e"), new Map()), raw).value).toEqual(new Map());
      expect(read(group("d", { a: integer("e", 1) }), raw).value).toEqual({ a: 1 });
    }
  });

  test("is null where it may be absent, whatever default stands inside", () => {
    expect(read(optional(text("d", "x")), undefined)).toEqual({ value: null, said: [] });
    expect(read(optional(integer("d")), 3)).toEqual({ value: 3, said: [] });
    expect(read(optional(integer("d")), "x").said).toHaveLength(1);
  });
});

describe("a table of fields", () => {
  const FIELDS = {
    endpoint: text("Where to."),
    timeout: duration("How long.", "5s"),
    retry: group("Again.", { enabled: flag("Whether.", true), most: integer("How often.", 3, { min: 1 }) }),
    headers: map("Headers.", text("A value."), new Map()),
    paths: list("Paths.", choice("A path.", ["a", "b"]), []),
  };

  test("is typed by its fields", () => {
    const values = readFields(FIELDS, { endpoint: "h:1" }, listening());
    expect(values?.retry.most.toFixed()).toBe("3");
    expect(values?.timeout).toBe(5_000);
  });

  test("tells every problem at once, with its place, and gives no values", () => {
    const place = listening();
    const raw = {
      endpont: "h:1",
      timeout: "soon",
      retry: { enabled: "perhaps", most: 0, colour: 1 },
      headers: { a: ["x"], b: "y" },
      paths: ["a", "c"],
    };
    expect(readFields(FIELDS, raw, place)).toBeUndefined();
    expect(place.said).toEqual([
      "endpont: unknown key; did you mean endpoint?",
      "endpoint: is required: Where to.",
      "timeout: must be a duration with a unit, such as 200ms, 5s or 1h30m",
      "retry::colour: unknown key; known: enabled, most",
      "retry::enabled: must be true or false, but is a string",
      "retry::most: must be a whole number of 1 or more",
      "headers::a: must be text, but is a list",
      "paths::1: must be one of a, b",
    ]);
  });

  test("knows only its own keys, not what every object has", () => {
    const place = listening();
    expect(readFields(FIELDS, { endpoint: "h:1", constructor: 1, toString: 2 }, place)).toBeUndefined();
    expect(place.said).toHaveLength(2);
  });

  test("is documented as it is read", () => {
    const { children, required } = group("d", FIELDS).docs;
    expect(required).toBe(true);
    expect(children).toMatchObject({
      endpoint: { type: "text", doc: "Where to.", required: true },
      timeout: { type: "duration", fallback: "5s", required: false },
      retry: { type: "map", required: false, children: { enabled: { fallback: "true" }, most: { fallback: "3" } } },
      headers: { type: "map of text", fallback: "{}", children: { "*": { type: "text" } } },
      paths: { type: "list of a | b", fallback: "[]", children: { "[]": { type: "a | b" } } },
    });
    expect(optional(duration("d", "1s")).docs).toMatchObject({ fallback: "none", required: false });
  });

  test("reads back what it was given, whatever the numbers", () => {
    const fields = { n: integer("d"), x: decimal("d"), b: flag("d"), t: text("d"), l: list("d", integer("e")) };
    const values = fc.record({
      n: fc.maxSafeNat(),
      x: fc.double({ noNaN: true, noDefaultInfinity: true }),
      b: fc.boolean(),
      t: fc.string(),
      l: fc.array(fc.nat()),
    });
    fc.assert(
      fc.property(values, (given) => {
        const place = listening();
        expect(readFields(fields, given, place)).toEqual(given);
        // An expanded variable gives text: the same values come out of it.
        const written = { ...given, n: String(given.n), x: String(given.x), b: String(given.b) };
        expect(readFields(fields, written, place)?.n).toBe(given.n);
        expect(place.said).toEqual([]);
      }),
    );
  });
});

describe("a key that is not known", () => {
  test.each([
    ["endpont", ["endpoint", "timeout"], "; did you mean endpoint?"],
    ["Endpoint", ["endpoint", "timeout"], "; did you mean endpoint?"],
    ["colour", ["timeout", "endpoint"], "; known: endpoint, timeout"],
    ["colour", [], "; nothing may be set here"],
  ])("%s among %j%s", (word, known, said) => expect(suggestion(word, known)).toBe(said));

  test("a word is nearest to itself, and stays so with one letter missing", () => {
    const word = fc.stringMatching(/^[a-z_]{4,20}$/);
    fc.assert(
      fc.property(word, fc.nat({ max: 19 }), (known, at) => {
        const short = known.slice(0, at % known.length) + known.slice((at % known.length) + 1);
        expect(nearest(known, ["0123456789", known])).toBe(known);
        expect(nearest(short, ["0123456789", known])).toBe(known);
      }),
    );
  });

  test("nothing is near that shares no letter", () => {
    expect(nearest("abcdef", ["uvwxyz"])).toBeUndefined();
  });
});

describe("a duration", () => {
  test.each([
    ["0", 0],
    ["0s", 0],
    ["200ms", 200],
    ["1.5s", 1500],
    [".5s", 500],
    ["1h30m", 5_400_000],
    ["1m0.5s", 60_500],
    ["250us", 0.25],
    ["250µs", 0.25],
    ["1000ns", 0.001],
    [" 5s ", 5000],
  ])("%s is %d ms", (written, ms) => expect(parseDuration(written)).toBeCloseTo(ms, 9));

  test.each(["", " ", "5", "s", "5 s", "-5s", "1h30", "5sx", "1e3s", "5S", "1d"])("%j is none", (written) =>
    expect(parseDuration(written)).toBeUndefined(),
  );

  test("the parts of a duration add up, in any order", () => {
    const part = fc.tuple(
      fc.nat({ max: 999 }),
      fc.constantFrom(["h", 3_600_000], ["m", 60_000], ["s", 1000], ["ms", 1]),
    );
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 6 }), (parts) => {
        const written = parts.map(([amount, [unit]]) => `${amount}${unit}`).join("");
        const ms = parts.reduce((sum, [amount, [, each]]) => sum + amount * Number(each), 0);
        expect(parseDuration(written)).toBe(ms);
      }),
    );
  });
});

describe("a secret", () => {
  const PASSWORD = "hunter2";

  test("is rendered by nothing but reveal", () => {
    const { value } = read(secret("The password."), PASSWORD);
    expect(value?.reveal()).toBe(PASSWORD);
    const renderings = [
      String(value),
      `${value}`,
      JSON.stringify({ value }),
      inspect({ value }, { depth: 9, showHidden: true }),
      Object.entries({ ...value }).join(),
      JSON.stringify(new Error(`no access with ${value}`, { cause: value }).cause),
    ];
    for (const rendering of renderings) expect(rendering).not.toContain(PASSWORD);
    expect(String(value)).toBe("[REDACTED]");
  });

  test("is not told when it is of the wrong kind", () => {
    expect(read(secret("d"), [PASSWORD]).said).toEqual(["key: must be text, but is a list"]);
    expect(read(secret("d"), { password: PASSWORD }).said.join()).not.toContain(PASSWORD);
  });

  test("may be an address, of which a page may show what is no secret", () => {
    const address = secretUrl("Where, and with which password.");
    expect(address.docs).toMatchObject({ type: "secret URL", required: true });
    expect(String(read(address, "redis://:hunter2@redis").value)).toBe("[REDACTED]");
  });

  test("is the same secret for every text", () => {
    fc.assert(fc.property(fc.string(), (written) => new Secret(written).reveal() === written));
  });
});

test.each([
  [null, "nothing"],
  [[1], "a list"],
  [{ a: 1 }, "a map"],
  ["x", "a string"],
  [1, "a number"],
  [true, "a boolean"],
])("%j is called %s, whatever it holds", (raw, name) => expect(nameOf(raw)).toBe(name));

test("a secret that slipped into its key is not shown", () => {
  const said: string[] = [];
  const place = (path: string): Place => ({
    path,
    problem: (message) => void said.push(`${path}: ${message}`),
    warn: () => {},
    at: (key) => place(`${path}::${key}`),
  });
  map("Headers.", secret("A header's value.")).read({ 'authorization:"Bearer CANARY"': null }, place("headers"));
  expect(said).toEqual(["headers::authorization…: is required: A header's value."]);
});
