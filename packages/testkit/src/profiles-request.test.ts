import { concatRequests, countProfiles } from "@rondo/otlp";
import { expect, test } from "vitest";
import { profilesRequest } from "./profiles-request.ts";

test.each([0, 1, 3, 500])("%d profiles are counted as such, also behind those of another request", (profiles) => {
  const one = profilesRequest("a", profiles);
  expect(countProfiles(one)).toBe(profiles);
  // Counting does not see that this is wrong: both dictionaries are one now.
  expect(countProfiles(concatRequests([one, profilesRequest("b", 2)]))).toBe(profiles + 2);
});
