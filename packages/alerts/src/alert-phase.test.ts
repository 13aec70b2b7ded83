import { expect, test } from "vitest";
import { type AlertEvent, type AlertPhase, NEXT_PHASE, STATE_OF } from "./alert-phase.ts";

const PHASES = Object.keys(NEXT_PHASE) as readonly AlertPhase[];

test("a result makes pending or firing of everything, whatever it was", () => {
  expect(new Set(PHASES.map((phase) => NEXT_PHASE[phase].seen))).toEqual(new Set(["pending"]));
  expect(new Set(PHASES.map((phase) => NEXT_PHASE[phase].held))).toEqual(new Set(["firing"]));
});

test("only what fired is resolved, and only what is resolved expires", () => {
  const absent: readonly AlertEvent[] = ["kept", "gone", "expired"];
  for (const phase of PHASES) {
    for (const event of absent) {
      const next: AlertPhase = NEXT_PHASE[phase][event];
      if (next === "resolved") expect(["firing", "keeping", "resolved"]).toContain(phase);
      if (STATE_OF[phase] === "firing") expect(next, `${phase} on ${event}`).not.toBe("inactive");
    }
  }
});
