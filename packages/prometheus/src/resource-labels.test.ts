import { expect, test } from "vitest";
import { resourceLabels } from "./resource-labels.ts";

test("identity becomes job and instance, and the rest stays", () => {
  const attributes = [
    ["service.name", "backend"],
    ["zone", "eu"],
    ["service.namespace", "fl"],
    ["service.instance.id", "b-0"],
  ] as const;
  expect(resourceLabels(attributes)).toEqual({ job: "fl/backend", instance: "b-0", rest: [["zone", "eu"]] });
  expect(resourceLabels([["service.name", "backend"]])).toEqual({ job: "backend", rest: [] });
  expect(resourceLabels([["service.namespace", "fl"]])).toEqual({ rest: [] });
});
