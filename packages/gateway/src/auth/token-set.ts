/** Tokens, known by their digests alone: comparing takes the same time whatever is sent, and no token stays in memory. */
import { createHash, timingSafeEqual } from "node:crypto";

/** Tokens that one authenticator knows at once, as a bound on what a request costs. */
export const MAX_TOKENS = 10_000;

/** A set of tokens. */
export interface TokenSet<Owner> {
  /** Whose token `given` is; undefined for none. */
  ownerOf(given: string): Owner | undefined;
}

/** Makes a set; of a token that stands there twice the first owner counts. */
export function tokenSet<Owner>(tokens: Iterable<readonly [token: string, owner: Owner]>): TokenSet<Owner> {
  // Found by digest: what the lookup's time tells is about a hash of what was sent, from which no token can be had.
  const byDigest = new Map<string, { readonly digest: Buffer; readonly owner: Owner }>();
  for (const [token, owner] of tokens) {
    const digest = digestOf(token);
    const key = digest.toString("latin1");
    if (!byDigest.has(key)) byDigest.set(key, { digest, owner });
  }
  return {
    ownerOf(given) {
      const digest = digestOf(given);
      const found = byDigest.get(digest.toString("latin1"));
      return found !== undefined && timingSafeEqual(found.digest, digest) ? found.owner : undefined;
    },
  };
}

/** Whether two texts are equal, in a time that does not tell where they differ. */
export function sameText(a: string, b: string): boolean {
  return timingSafeEqual(digestOf(a), digestOf(b));
}

/** SHA-256 of a text. */
export function digestOf(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
