import fc from "fast-check";
import { expect, test } from "vitest";
import { anyValue } from "./any-value.ts";
import { compileEdits, type EditProgram } from "./edit.ts";
import { editItems, editResources, editScopes } from "./edit-requests.ts";
import { anyRequest, atLeast, KEYS, mutatedRequest } from "./request.cases.ts";
import { WireError } from "./wire-error.ts";

const OPERATIONS = [editItems, editResources, editScopes];
const inserts = fc.array(
  fc.record({
    action: fc.constant("insert" as const),
    key: fc.constantFrom(...KEYS, "new"),
    value: fc.constant(anyValue("v")),
  }),
  { minLength: 1, maxLength: 3 },
);

/** The bytes, or what is wrong with the body. */
function outcome(run: (program: EditProgram) => Uint8Array, program: EditProgram): unknown {
  try {
    return Buffer.from(run(program)).toString("hex");
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    return error;
  }
}

test("inserts of constants do what edits of all kinds do, with the same faults", () => {
  fc.assert(
    fc.property(fc.oneof(anyRequest, mutatedRequest), inserts, ([signal, body], edits) => {
      const program = compileEdits(edits);
      const general = { ...program, inserts: undefined };
      for (const edit of OPERATIONS) {
        const run = (chosen: EditProgram) => edit(signal, body, chosen);
        expect(outcome(run, program)).toEqual(outcome(run, general));
      }
    }),
    atLeast(500),
  );
});
