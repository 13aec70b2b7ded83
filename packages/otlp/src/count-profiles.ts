/** All that is read of a request of profiles: the frames around them. What is inside stays as it came. */
import { Cursor, Wire } from "./cursor.ts";
import { WireError } from "./wire-error.ts";

/** ExportProfilesServiceRequest.resource_profiles and ResourceProfiles.scope_profiles, then ScopeProfiles.profiles: the last are counted. */
const LEVELS = [
  { field: 1, name: "resource_profiles" },
  { field: 2, name: "scope_profiles" },
  { field: 2, name: "profiles" },
] as const;

/** ExportProfilesServiceRequest.dictionary: what everything beside it refers to by index. */
const DICTIONARY = 2;

/**
 * The number of Profile messages in an ExportProfilesServiceRequest (opentelemetry/proto/collector/profiles/v1development). Throws
 * WireError where a frame around them is broken or has another wire type; what is inside a profile and the dictionary is not read.
 */
export function countProfiles(body: Uint8Array): number {
  const cursors = LEVELS.map(() => new Cursor(body));
  const count = (depth: number): number => {
    const level = LEVELS[depth];
    const field = cursors[depth];
    if (level === undefined || field === undefined) return 1;
    const inner = cursors[depth + 1];
    let profiles = 0;
    while (field.next()) {
      if (depth === 0 && field.field === DICTIONARY) mustBeMessage(field, "dictionary");
      if (field.field !== level.field) continue;
      mustBeMessage(field, level.name);
      inner?.enter(field);
      profiles += count(depth + 1);
    }
    return profiles;
  };
  return count(0);
}

function mustBeMessage(field: Cursor, name: string): void {
  if (field.wire !== Wire.bytes) throw new WireError("is not a message", field.at, name);
}
