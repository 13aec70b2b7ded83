import { labelsKey, labelsOf } from "@rondo/promql";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Alert } from "./alert.ts";
import { groupOf } from "./alerts.cases.ts";
import { decodeState, emptyState, encodeState, type GroupState, UNEVALUATED } from "./group-state.ts";

const { rules } = groupOf(
  "groups: [{name: g, rules: [{alert: A, expr: up}, {alert: B, expr: up}, {alert: B, expr: down}, {alert: B, expr: up, labels: {x: '1'}}]}]",
);

function alertOf(name: string, more: Partial<Alert> = {}): Alert {
  return { phase: "firing", labels: [["alertname", name]], annotations: [["a", "b"]], value: 1, activeAt: 1, ...more };
}

const stateOf = (...alerts: readonly Alert[]): GroupState => ({
  lastSlot: 60_000,
  rules: alerts.map((alert, index) => ({
    alerts: new Map([[labelsKey(alert.labels), alert]]),
    standing: { ...UNEVALUATED, health: "ok", evaluations: index + 1, inputSeries: 3 },
  })),
});

test.each([1, 0.1, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0, 5e-324])(
  "what is written is read again, with a value of %d",
  (value) => {
    const full = { firedAt: 2, keepFiringSince: 3, lastSentAt: 4, resolvedAt: 5, phase: "resolved" } as const;
    const state = stateOf(alertOf("A", { value, ...full }), alertOf("B"), alertOf("B2"), alertOf("B3"));
    expect(decodeState("k", encodeState(state, rules), rules)).toEqual(state);
  },
);

test("rules find their state by name and labels, whatever was put before or between them", () => {
  const stored = encodeState(stateOf(alertOf("A"), alertOf("B1"), alertOf("B2"), alertOf("Bx")), rules);
  const changed = groupOf(
    "groups: [{name: g, rules: [{alert: New, expr: up}, {alert: B, expr: up, labels: {x: '1'}}, {alert: B, expr: changed}, {alert: A, expr: up, for: 5m}]}]",
  ).rules;
  const found = decodeState("k", stored, changed).rules.map(({ alerts }) => [...alerts.values()][0]?.labels[0]?.[1]);
  expect(found).toEqual([undefined, "Bx", "B1", "A"]);
});

test("many alerts take little room", () => {
  const many = Array.from({ length: 10_000 }, (_, index) =>
    alertOf("A", {
      labels: [
        ["alertname", "A"],
        ["host", `host-${index}`],
      ],
    }),
  );
  const state: GroupState = {
    rules: [{ alerts: new Map(many.map((alert) => [labelsKey(alert.labels), alert])), standing: UNEVALUATED }],
  };
  const [first] = rules;
  const some = first === undefined ? [] : [first];
  const written = encodeState(state, some);
  expect(written.length).toBeLessThan(300_000);
  expect(decodeState("k", written, some)).toEqual(state);
});

test.each(["{", "\u001f", "null", '{"version":2,"rules":[]}'])("%s is refused by its key", (text) => {
  expect(() => decodeState("alerts/t/g/1/state", new TextEncoder().encode(text), rules)).toThrow(
    expect.objectContaining({ code: "corrupt", message: expect.stringContaining("alerts/t/g/1/state") }),
  );
});

test("before the first evaluation nothing is known", () => {
  const empty = emptyState(rules);
  expect(empty.rules).toHaveLength(4);
  expect(decodeState("k", encodeState(empty, rules), rules)).toEqual(empty);
});

test("any alerts come back as they were", () => {
  const word = fc.string({ minLength: 1, maxLength: 8, unit: "grapheme" });
  const labels = fc.dictionary(word, word).map((entries) => labelsOf(entries));
  const time = fc.nat({ max: 2_000_000_000_000 });
  const one = fc
    .record(
      {
        phase: fc.constantFrom("pending", "firing", "keeping", "resolved"),
        labels,
        annotations: labels,
        value: fc.double(),
        activeAt: time,
        firedAt: time,
        keepFiringSince: time,
        lastSentAt: time,
        resolvedAt: time,
      },
      { requiredKeys: ["phase", "labels", "annotations", "value", "activeAt"] },
    )
    // Absent fields are left out, as the type has them.
    .map((alert) => ({ ...alert }) as Alert);
  fc.assert(
    fc.property(fc.array(one, { maxLength: 20 }), fc.option(time, { nil: undefined }), (alerts, lastSlot) => {
      const state: GroupState = {
        ...(lastSlot !== undefined && { lastSlot }),
        rules: rules.map((_, index) => ({
          alerts: new Map(index > 0 ? [] : alerts.map((alert) => [labelsKey(alert.labels), alert])),
          standing: UNEVALUATED,
        })),
      };
      expect(decodeState("k", encodeState(state, rules), rules)).toEqual(state);
    }),
  );
});
