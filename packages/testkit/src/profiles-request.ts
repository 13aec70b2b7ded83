/** The smallest requests of profiles that a test can tell apart, written by hand: no build here knows what is in them. */
import { Wire, Writer } from "@rondo/otlp";

/**
 * An ExportProfilesServiceRequest with so many profiles of one scope, each of whose samples refers to stack 1, and a dictionary whose
 * only stack is called `stack`: of two such requests joined, every second profile would name the other's.
 */
export function profilesRequest(stack: string, profiles = 1): Buffer {
  const out = new Writer();
  const resource = out.open(1);
  const scope = out.open(2);
  for (let index = 0; index < profiles; index++) {
    const profile = out.open(2);
    const sample = out.open(2);
    out.tag(1, Wire.varint).varint(1).close(sample).close(profile);
  }
  const dictionary = out.close(scope).close(resource).open(2);
  out.text(5, "").text(5, stack).close(dictionary);
  return Buffer.from(out.finish());
}
