import { requestFromJson } from "@rondo/otlp/json";
import { transferableSymbol, valueSymbol } from "piscina";
import { expect, test } from "vitest";
import { convertJson, cutRequest } from "./body-thread.ts";
import type { Work } from "./cut-request.ts";
import { TERMS } from "./cut-terms.cases.ts";
import { namesIn, request } from "./rig.cases.ts";

const RECORD = `{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"stringValue":"${"hello".repeat(20_000)}"}}]}]}]}`;
// In memory of its own, as what comes from another thread.
const task = (text: string, limit = 1 << 20) =>
  ({ signal: "logs", body: new Uint8Array(Buffer.from(text)), limit }) as const;

/** What Piscina sends of a result, as the other side gets it. */
function arrived(made: unknown): object {
  // Of `move`, by its symbols.
  const { [transferableSymbol]: transfer, [valueSymbol]: value } = made as {
    [transferableSymbol]: ArrayBuffer[];
    [valueSymbol]: object;
  };
  return structuredClone(value, { transfer });
}

// What `cutRequest` moves.
const workOf = (made: unknown) => arrived(made) as Work;

test("a request goes with its memory, and the text's is given back", () => {
  const given = task(RECORD);
  const expected = requestFromJson("logs", given.body);
  expect(Buffer.compare(Buffer.from(Object(arrived(convertJson(given)))), expected)).toBe(0);
  expect(given.body).toHaveLength(0);
});

test("pieces go with their memory, and are parts of the same request if they were", () => {
  const body = request(
    "logs",
    Array.from({ length: 9 }, (_, i) => String(i).repeat(20_000)),
  );
  const { length } = body;
  const work = workOf(cutRequest({ ...TERMS, body }));
  expect(work).toMatchObject({ items: 9, tooLarge: 0, flawed: { count: 0 }, body: { length } });
  expect(work.pieces.map((piece) => piece.body.buffer === work.body.buffer)).toEqual([true]);
  expect(body).toHaveLength(0);
});

test("a request of which no piece is a part stays in the thread", () => {
  const names = Array.from({ length: 9 }, (_, i) => String(i).repeat(20_000));
  const body = new Uint8Array(request("logs", names));
  const work = workOf(cutRequest({ ...TERMS, recordBytes: 70_000, body }));
  expect(work.body).toHaveLength(0);
  expect(work.pieces.flatMap((piece) => namesIn("logs", piece.body))).toEqual(names);
  expect(body).toHaveLength(0);
});

test("what is wrong with a body is said, not thrown, and its memory given back", () => {
  expect(convertJson(task('{"resourceLogs":[{"scopeLogs":3}]}'))).toEqual({
    failed: {
      kind: "malformed",
      problem: "an array was expected",
      offset: 30,
      path: "resourceLogs[0].scopeLogs",
    },
  });
  expect(convertJson(task(RECORD, 4))).toEqual({ failed: { kind: "too_large", limit: 4 } });
  const bug = { ...task(RECORD), signal: "none" as "logs" };
  expect(convertJson(bug)).toMatchObject({ failed: { kind: "other", thrown: expect.any(Error) } });
  expect(bug.body).toHaveLength(0);
  const large = new Uint8Array(request("logs", ["x".repeat(9_000), "y".repeat(2_000)], "s".repeat(2_000)));
  expect(cutRequest({ ...TERMS, recordBytes: 3_000, body: large })).toMatchObject({
    failed: { kind: "fault", code: "too_large" },
  });
  expect(large).toHaveLength(0);
});
