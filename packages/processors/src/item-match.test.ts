import { type Place, readFields } from "@rondo/core";
import { SIGNALS, type Signal } from "@rondo/otlp";
import { expect, test } from "vitest";
import { attributes } from "./attributes.ts";
import { whereOf } from "./item-match.ts";

const place: Place = {
  path: "",
  problem: (message) => {
    throw new Error(message);
  },
  warn() {},
  at: () => place,
};

function whereFor(signal: Signal, matches: object) {
  const actions = [{ key: "a", action: "delete" }];
  const values = readFields(attributes.fields, { actions, ...matches }, place);
  if (values === undefined) throw new Error("not read");
  return whereOf(signal, values, "attributes/x");
}

const PROPERTIES: Readonly<Record<string, { property: object; signals: readonly Signal[] }>> = {
  services: { property: { services: ["a"] }, signals: ["traces"] },
  span_names: { property: { span_names: ["a"] }, signals: ["traces"] },
  span_kinds: { property: { span_kinds: ["SPAN_KIND_CLIENT"] }, signals: ["traces"] },
  log_bodies: { property: { log_bodies: ["a"] }, signals: ["logs"] },
  log_severity_texts: { property: { log_severity_texts: ["a"] }, signals: ["logs"] },
  log_severity_number: { property: { log_severity_number: { min: 9 } }, signals: ["logs"] },
  metric_names: { property: { metric_names: ["a"] }, signals: ["metrics"] },
  attributes: { property: { attributes: [{ key: "a" }] }, signals: ["traces", "logs"] },
  resources: { property: { resources: [{ key: "a" }] }, signals: SIGNALS },
  libraries: { property: { libraries: [{ name: "a" }] }, signals: ["traces", "logs"] },
};

test.each(Object.keys(PROPERTIES))(
  "%s is for the signals that have it; in another pipeline it ends the start",
  (name) => {
    const { property = {}, signals = [] } = PROPERTIES[name] ?? {};
    for (const signal of SIGNALS) {
      const made = () => whereFor(signal, { exclude: { match_type: "strict", ...property } });
      if (signals.includes(signal)) expect(made()).toBeTypeOf("function");
      else expect(made).toThrow(`processors::attributes/x::exclude::${name}: is for ${signals.join(" and ")}`);
    }
  },
);

test("without include and exclude nothing is asked", () => {
  expect(whereFor("logs", {})).toBeUndefined();
  expect(whereFor("logs", { include: null, exclude: null })).toBeUndefined();
});
