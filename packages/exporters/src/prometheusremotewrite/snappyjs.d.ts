/** The one function of snappyjs that is used here; the package has no types of its own. */
declare module "snappyjs" {
  /** A block as in google/snappy's format_description.txt: one length, then literals and copies. */
  export function compress(bytes: Uint8Array): Uint8Array;
  /** The other way round. Throws an Error for what is no block, and where it would be longer than `maxLength` bytes. */
  export function uncompress(bytes: Uint8Array, maxLength?: number): Uint8Array;
}
