import { group, readFields } from "@rondo/core";
import { expect, test } from "vitest";
import { recordingPlace } from "./place.cases.ts";
import { checkLabels, fixedLabels, labelsOf, translationFields, translationOf } from "./translation-fields.ts";

function read(raw: object) {
  const place = recordingPlace();
  const values = readFields(translationFields, raw, place);
  if (values === undefined) throw new Error(place.problems.join("; "));
  return translationOf(values);
}

test("translation_strategy wins over add_metric_suffixes", () => {
  expect(read({}).strategy).toBe("UnderscoreEscapingWithSuffixes");
  expect(read({ add_metric_suffixes: false }).strategy).toBe("UnderscoreEscapingWithoutSuffixes");
  expect(read({ add_metric_suffixes: false, translation_strategy: "NoTranslation" }).strategy).toBe("NoTranslation");
  expect(() => read({ translation_strategy: "Latin" })).toThrow("must be one of UnderscoreEscapingWithSuffixes,");
});

test.each([
  [{}, []],
  [{ resource_to_telemetry_conversion: { enabled: true } }, ["service.name", "k8s.pod.uid", "zone"]],
  [{ resource_to_telemetry_conversion: { enabled: true, exclude_service_attributes: true } }, ["k8s.pod.uid", "zone"]],
  [{ resource_constant_labels: { included: ["k8s.*", "zone"], excluded: ["*.uid"] } }, ["zone"]],
  [{ resource_constant_labels: { excluded: ["zone"] } }, ["service.name", "k8s.pod.uid"]],
  [{ resource_constant_labels: {}, resource_to_telemetry_conversion: { enabled: true } }, []],
])("with %o series carry %o", (raw, expected) => {
  const { resourceLabels } = read(raw);
  expect(["service.name", "k8s.pod.uid", "zone"].filter((key) => resourceLabels?.(key) === true)).toEqual(expected);
});

test("fixed labels are made legal, and one without a name is refused", () => {
  const place = recordingPlace();
  const values = readFields(
    { labels: fixedLabels("Labels.") },
    { labels: { "a b": "1", a_b: "2", c: "", "": "x" } },
    place,
  );
  expect(labelsOf(values?.labels ?? new Map())).toEqual([
    ["a_b", "2"],
    ["", "x"],
  ]);
  checkLabels(values?.labels ?? new Map(), place);
  expect(place.problems).toEqual(["exporter:: is no name of a label; use letters, digits and _"]);
});

test("its keys are documented like every key", () => {
  const { children } = group("Keys.", translationFields).docs;
  for (const key of Object.keys(translationFields)) expect(children?.[key]?.doc).not.toBe("");
});
