import { expect, test } from "vitest";
import { recordingPlace } from "./place.cases.ts";
import { idleKey, refusedKey } from "./unbuilt.ts";

test("a refused key is a problem with a way out; an idle one a warning; absent, both are silent", () => {
  const place = recordingPlace();
  expect(refusedKey("A proxy.", "remove the key").read("http://p", place)).toBeUndefined();
  expect(idleKey("A level.", "the default is used").read(9, place)).toBeNull();
  expect([refusedKey("", "").read(undefined, place), idleKey("", "").read(null, place)]).toEqual([null, null]);
  expect(place.problems).toEqual(["key is not built yet; remove the key"]);
  expect(place.warnings).toEqual(["key has no effect: the default is used"]);
});
