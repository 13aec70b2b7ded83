import { FakeClock } from "@rondo/testkit";
import { describe, expect, test } from "vitest";
import { type Behaviour, BehaviourSwitch, parseBehaviour, readBehaviour, showBehaviour } from "./behaviour.ts";

describe("what the command line writes", () => {
  const cases: Record<string, Behaviour> = {
    ok: { mode: "ok" },
    hang: { mode: "hang" },
    "hang=60s": { mode: "hang", forMs: 60_000 },
    "503": { mode: "status", status: 503 },
    "500=5m": { mode: "status", status: 500, forMs: 300_000 },
    "slow=200": { mode: "slow", ms: 200 },
    "refuse=1s": { mode: "refuse", forMs: 1000 },
    lose: { mode: "lose" },
  };
  for (const [text, behaviour] of Object.entries(cases))
    test(text, () => expect(parseBehaviour(text)).toEqual(behaviour));
});

describe("what is refused says what would do", () => {
  const cases: Record<string, string> = {
    slov: "did you mean slow?",
    slow: "needs ms",
    "200": "must be 400 to 599",
    status: "needs a status",
    "hang=soon": "a time such as 200ms",
    "hang=999999999": "forMs must be a whole number from 1 to 86400000",
  };
  for (const [text, message] of Object.entries(cases))
    test(text, () => expect(() => parseBehaviour(text)).toThrow(message));
  test("no object", () => expect(() => readBehaviour("ok")).toThrow("must be an object"));
});

test("a behaviour reads back from its own words", () => {
  for (const text of ["ok", "503", "slow=200ms"]) expect(showBehaviour(parseBehaviour(text))).toBe(text);
});

test("a behaviour with an end falls back to ok, unless it was switched in between", async () => {
  const clock = new FakeClock();
  const seen: string[] = [];
  const answer = new BehaviourSwitch(clock, async ({ mode }) => void seen.push(mode));
  await answer.set({ mode: "hang", forMs: 100 });
  await clock.advance(100);
  await answer.set({ mode: "refuse", forMs: 100 });
  await answer.set({ mode: "lose" });
  await clock.advance(1000);
  expect(seen).toEqual(["hang", "ok", "refuse", "lose"]);
  expect(answer.current.mode).toBe("lose");
  answer.close();
  expect(clock.pending).toBe(0);
});
