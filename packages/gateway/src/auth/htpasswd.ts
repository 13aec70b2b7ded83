/** Reads `htpasswd` files as the Collector's basicauth does: bcrypt, MD5-crypt, {SHA}, {SSHA} and plain text. */
import { createHash, timingSafeEqual } from "node:crypto";
import { Fault } from "@rondo/core";
import { isMd5Crypt } from "./md5-crypt.ts";
import { digestOf } from "./token-set.ts";

/** Users of one extension. */
const MAX_USERS = 10_000;

/** 2^14 rounds take seconds; whoever wrote more than that into a file locks everybody out. */
const MAX_BCRYPT_COST = 14;

const BCRYPT = /^\$2[aby]\$(\d\d)\$[./0-9A-Za-z]{53}$/;

/** A password as it is kept: checked at once, or a hash that is slow by design and checked in another thread. */
export type StoredPassword =
  | { readonly kind: "digest"; readonly digest: Buffer; readonly of: (password: string) => Buffer }
  | { readonly kind: "slow"; readonly hash: string };

/**
 * The users of a file; of a name that stands there twice the last line counts. Throws a `config` Fault that names `where` and the
 * line, never what is on it.
 */
export function parseHtpasswd(text: string, where: string): ReadonlyMap<string, StoredPassword> {
  const users = new Map<string, StoredPassword>();
  for (const [index, line] of text.split("\n").entries()) {
    const written = line.trim();
    if (written === "" || written.startsWith("#")) continue;
    const at = `${where}, line ${index + 1}`;
    const colon = written.indexOf(":");
    if (colon < 1) throw new Fault("config", `${at}: must be user:password as htpasswd writes it`);
    users.set(written.slice(0, colon), storedPassword(written.slice(colon + 1), at));
  }
  if (users.size > MAX_USERS) throw new Fault("config", `${where} has ${users.size} users, more than ${MAX_USERS}`);
  return users;
}

function storedPassword(stored: string, at: string): StoredPassword {
  const cost = BCRYPT.exec(stored)?.[1];
  if (cost !== undefined) {
    if (Number(cost) >= 4 && Number(cost) <= MAX_BCRYPT_COST) return { kind: "slow", hash: stored };
    throw new Fault(
      "config",
      `${at}: bcrypt's cost must be from 4 to ${MAX_BCRYPT_COST}; htpasswd -B -C 10 writes another`,
    );
  }
  if (isMd5Crypt(stored)) return { kind: "slow", hash: stored };
  if (stored.startsWith("{SHA}")) return saltedSha1(Buffer.from(stored.slice(5), "base64"), false, at);
  if (stored.startsWith("{SSHA}")) return saltedSha1(Buffer.from(stored.slice(6), "base64"), true, at);
  if (/^[${]/.test(stored)) throw new Fault("config", `${at}: the kind of hash is not known here; use htpasswd -B`);
  if (stored === "") throw new Fault("config", `${at}: the password is empty, which everybody could send`);
  return { kind: "digest", digest: digestOf(stored), of: digestOf };
}

/** RFC 2307: a SHA-1 of the password, or of password and salt, with the salt behind it. */
function saltedSha1(bytes: Buffer, salted: boolean, at: string): StoredPassword {
  const digest = bytes.subarray(0, 20);
  const salt = bytes.subarray(20);
  if (digest.length < 20 || salt.length > 0 !== salted) throw new Fault("config", `${at}: the hash is not whole`);
  return { kind: "digest", digest, of: (password) => createHash("sha1").update(password).update(salt).digest() };
}

/** Whether `password` is the stored one, in a time that does not tell how near it is. */
export function matchesDigest(stored: Extract<StoredPassword, { kind: "digest" }>, password: string): boolean {
  return timingSafeEqual(stored.digest, stored.of(password));
}
