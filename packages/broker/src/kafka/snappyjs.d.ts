/** The one function of snappyjs that is used here; the package has no types of its own. */
declare module "snappyjs" {
  /** A block as in google/snappy's format_description.txt: one length, then literals and copies. */
  export function compress(bytes: Uint8Array): Uint8Array;
}
