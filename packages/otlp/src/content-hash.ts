/** The identity of a request's bytes. */
import { hash } from "node:crypto";

/**
 * SHA-256 of the bytes as they are, in hex: equal when a client sends the same request again, different for the same content
 * in another order, encoding or split. Of what Node has only a cryptographic hash lets equality of hashes stand for equality
 * of bodies – CRC-32 repeats by chance among 65,000 bodies – and SHA-256, which processors compute in hardware, is the fastest
 * of them that is not broken: 2 GB/s, BLAKE2b 1.6.
 */
export function contentHash(body: Uint8Array): string {
  return hash("sha256", body, "hex");
}
