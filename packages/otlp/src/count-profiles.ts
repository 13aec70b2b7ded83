/** All that is read of a request of profiles: the frames around them. What is inside stays as it came. */
import { Cursor, Wire } from "./cursor.ts";
import { REQUEST_BOUNDS } from "./validate.ts";
import { WireError } from "./wire-error.ts";

/** ExportProfilesServiceRequest.dictionary: what everything beside it refers to by index. */
const DICTIONARY = 2;

/** From the request inwards, the fields that lead to the profiles, and at last are them. */
const LEVELS = [
  { field: 1, name: "resource_profiles", most: REQUEST_BOUNDS.frames },
  { field: 2, name: "scope_profiles", most: REQUEST_BOUNDS.frames },
  { field: 2, name: "profiles", most: REQUEST_BOUNDS.items },
] as const;

/**
 * The number of Profile messages in an ExportProfilesServiceRequest (opentelemetry/proto/collector/profiles/v1development). Throws
 * WireError where a frame around them is broken or has another wire type, and for more of them than REQUEST_BOUNDS allow; what is
 * inside a profile and the dictionary is not read.
 */
export function countProfiles(body: Uint8Array): number {
  const levels = LEVELS.map((level) => ({ ...level, cursor: new Cursor(body), found: 0 }));
  const walk = (depth: number): void => {
    const level = levels[depth];
    if (level === undefined) return;
    const { cursor, field, name, most } = level;
    const inner = levels[depth + 1]?.cursor;
    while (cursor.next()) {
      if (depth === 0 && cursor.field === DICTIONARY) mustBeMessage(cursor, "dictionary");
      if (cursor.field !== field) continue;
      mustBeMessage(cursor, name);
      if (++level.found > most) throw new WireError(`more than ${most}`, cursor.at, name);
      inner?.enter(cursor);
      walk(depth + 1);
    }
  };
  walk(0);
  return levels.at(-1)?.found ?? 0;
}

function mustBeMessage(field: Cursor, name: string): void {
  if (field.wire !== Wire.bytes) throw new WireError("is not a message", field.at, name);
}
