import { describe, expect, test } from "vitest";
import { readFeatureGates } from "./feature-gates.ts";

const PROFILES = "service.profilesSupport";

describe("the flag as the Collector reads it", () => {
  test.each([
    [[], []],
    [[""], []],
    [[PROFILES], [PROFILES]],
    [[`+${PROFILES}`], [PROFILES]],
    [[`-${PROFILES}`], []],
    [[`${PROFILES},-${PROFILES}`], []],
    [[`-${PROFILES}`, PROFILES], [PROFILES]],
  ])("%j", (written, on) => {
    expect([...readFeatureGates(written)]).toEqual(on);
  });
});

test.each([
  ["service.profileSupport", 'no such feature gate "service.profileSupport"; did you mean service.profilesSupport?'],
  [
    "-telemetry.newPipelineTelemetry",
    'no such feature gate "telemetry.newPipelineTelemetry"; valid gates: service.prof',
  ],
  [`${PROFILES},`, 'no such feature gate ""; valid gates: '],
  ["toString", 'no such feature gate "toString"; valid gates: '],
])("%s is refused by name", (written, message) => {
  expect(() => readFeatureGates([written])).toThrow(message);
});
