import { type Batch, Fault, retry, SETTLED, unanswered, type Verdict } from "@rondo/core";
import { expect, test } from "vitest";
import { noteUnanswered } from "./note-unanswered.ts";

const batch: Batch = { signal: "logs", tenant: "t", items: 1, body: new Uint8Array([1]) };

test("only tries whose answer was lost are noted, and before their verdict is known", async () => {
  const events: string[] = [];
  const away = new Fault("unavailable", "away");
  const verdicts: Verdict[] = [unanswered(away), retry(away), SETTLED];
  const note = async () => {
    await new Promise((resolve) => setImmediate(resolve));
    events.push("noted");
  };
  const deliver = noteUnanswered(note)(async () => verdicts.shift() ?? SETTLED);
  while (verdicts.length > 0) events.push((await deliver(batch, new AbortController().signal)).kind);
  expect(events).toEqual(["noted", "retry", "retry", "settled"]);
});
