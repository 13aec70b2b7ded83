/** The NaN that marks the end of a series (Prometheus, `model/value.StaleNaN`), which differs from others in its bits alone. */

const scratch = new DataView(new ArrayBuffer(8));

function fromBits(high: number, low: number): number {
  scratch.setUint32(0, high);
  scratch.setUint32(4, low);
  return scratch.getFloat64(0);
}

/**
 * The stale marker. Its bits are 0x7ff0000000000002, a signalling NaN; on its way through arrays a machine may make it the
 * quiet 0x7ff8000000000002, so whoever writes it to others writes `STALE_BITS`, and whoever reads asks `isStale`.
 */
export const STALE_NAN: number = fromBits(0x7ff00000, 2);

/** The bits of the stale marker as Prometheus wants them on a wire. */
export const STALE_BITS = 0x7ff0000000000002n;

/** Whether a value is the stale marker, quiet or not. Go's ordinary NaN ends in 1, JavaScript's in 0. */
export function isStale(value: number): boolean {
  if (!Number.isNaN(value)) return false;
  scratch.setFloat64(0, value);
  return scratch.getUint32(4) === 2 && (scratch.getUint32(0) & 0x7ff7ffff) === 0x7ff00000;
}
