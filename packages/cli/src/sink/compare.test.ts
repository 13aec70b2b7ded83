import { describe, expect, test } from "vitest";
import { closing, compareIds } from "./compare.ts";
import { type Held, Holdings } from "./holdings.ts";

const held = (id: string, count = 1): Held => ({ id, name: `name-${id}`, count, contents: ["c"] });

describe("ids are compared as multisets", () => {
  const cases: Record<string, [expected: Held[], received: Held[], result: object]> = {
    equal: [
      [held("a"), held("b", 2)],
      [held("b", 2), held("a")],
      { missing: 0, unexpected: 0, duplicated: 0, arrived: 3 },
    ],
    missing: [[held("a"), held("b")], [held("b")], { missing: 1, examples: ['missing a "name-a"'] }],
    "sent twice, arrived once": [[held("a", 2)], [held("a")], { missing: 1, arrived: 1 }],
    unexpected: [[held("a")], [held("a"), held("x", 3)], { unexpected: 3, examples: ['unexpected x "name-x"'] }],
    repeated: [[held("a")], [held("a", 3)], { duplicated: 2, examples: ['repeated a "name-a"'] }],
    nothing: [[], [], { missing: 0, unexpected: 0, duplicated: 0, arrived: 0, examples: [] }],
  };
  for (const [what, [expected, received, result]] of Object.entries(cases)) {
    test(what, () => expect(compareIds(expected, received)).toMatchObject(result));
  }
  test("of many differences a few are shown and all are counted", () => {
    const { missing, examples } = compareIds(
      Array.from({ length: 100 }, (_, n) => held(`id${n}`)),
      [],
    );
    expect([missing, examples.length]).toEqual([100, 5]);
  });
});

describe("the closing line", () => {
  const expected = new Holdings();
  expected.add("traces", [
    { id: "s1", name: "fit", content: "c" },
    { id: "s2", name: "fit", content: "c" },
  ]);
  expected.add("logs", [{ id: "l1", name: "INFO", content: "c" }]);
  const none = { dropped: 0, inFlight: 0 };

  test("says that all is well in one line", () => {
    const destinations = [
      { name: "otlp/tempo", signal: "traces" as const, held: expected.held("traces") },
      { name: "debug", signal: "logs" as const, held: expected.held("logs") },
    ];
    expect(closing(expected, destinations, none)).toEqual({
      equal: true,
      lines: [
        "2 spans, 0 data points, 1 log records sent; every exporter received the same ids (otlp/tempo 2, debug 1), dropped 0, in flight 0",
      ],
    });
  });

  test("names what is missing and where, whatever the process under test says of itself", () => {
    const destinations = [{ name: "otlp/tempo", signal: "traces" as const, held: [held("s1"), held("s9")] }];
    expect(closing(expected, destinations, none)).toEqual({
      equal: false,
      lines: [
        "2 spans, 0 data points, 1 log records sent; 1 of 1 exporters received other ids (otlp/tempo 2), dropped 0, in flight 0",
        'otlp/tempo: spans: 1 missing, 1 unexpected: unexpected s9 "name-s9"; missing s2 "fit"',
      ],
    });
  });

  test("counts repeats and does not call them a difference", () => {
    const destinations = [{ name: "debug", signal: "logs" as const, held: [held("l1", 3)] }];
    const { equal, lines } = closing(expected, destinations, { dropped: 4, inFlight: 5 });
    expect(equal).toBe(true);
    expect(lines).toEqual([
      "2 spans, 0 data points, 1 log records sent; every exporter received the same ids (debug 3), 2 repeated, dropped 4, in flight 5",
      'debug: log records: 2 repeated: repeated l1 "name-l1"',
    ]);
  });

  test("nothing to compare with is no success", () => {
    const { equal, lines } = closing(expected, [], none);
    expect([equal, lines]).toEqual([false, [expect.stringContaining("there was no exporter to compare with")]]);
  });
});
