/** Joins requests: protobuf messages merge by concatenation, so batching is copying. */

/** One request that carries the items of all, in order. A single body is returned as it is; none give the empty request. */
export function concatRequests(bodies: readonly Uint8Array[]): Uint8Array {
  const [only] = bodies;
  if (bodies.length === 1 && only !== undefined) return only;
  let total = 0;
  for (const body of bodies) total += body.length;
  const out = Buffer.allocUnsafeSlow(total);
  let at = 0;
  for (const body of bodies) {
    out.set(body, at);
    at += body.length;
  }
  return out;
}
