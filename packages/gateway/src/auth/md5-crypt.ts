/** MD5-crypt and Apache's variant of it: what `htpasswd` writes unless it is told otherwise. Old, slow by design, and still about. */
import { createHash, timingSafeEqual } from "node:crypto";

const ROUNDS = 1_000;
const ALPHABET = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const FORM = /^(\$apr1\$|\$1\$)([^$]{0,8})\$([./0-9A-Za-z]{22})$/;

/** The bytes of the digest that make up each group of four characters, the highest first. */
const GROUPS = [
  [0, 6, 12],
  [1, 7, 13],
  [2, 8, 14],
  [3, 9, 15],
  [4, 10, 5],
] as const;

/** Whether a stored password is of this kind. */
export function isMd5Crypt(stored: string): boolean {
  return FORM.test(stored);
}

/** Whether `password` is the one that `stored` was made of; takes a millisecond or two. */
export function matchesMd5Crypt(stored: string, password: string): boolean {
  const [, magic, salt, hash] = FORM.exec(stored) ?? [];
  if (magic === undefined || salt === undefined || hash === undefined) return false;
  return timingSafeEqual(Buffer.from(hash), Buffer.from(md5Crypt(magic, salt, Buffer.from(password))));
}

/** Poul-Henning Kamp's algorithm; the steps are odd because they were meant to be unlike anything in hardware. */
function md5Crypt(magic: string, salt: string, password: Buffer): string {
  const inner = md5(password, salt, password);
  const first = createHash("md5").update(password).update(magic).update(salt);
  for (let left = password.length; left > 0; left -= inner.length) first.update(inner.subarray(0, Math.min(16, left)));
  for (let bits = password.length; bits > 0; bits >>= 1) {
    first.update((bits & 1) === 1 ? Buffer.of(0) : password.subarray(0, 1));
  }
  let digest = first.digest();
  for (let round = 0; round < ROUNDS; round++) {
    const odd = round % 2 === 1;
    const parts: Buffer[] = [odd ? password : digest];
    if (round % 3 !== 0) parts.push(Buffer.from(salt));
    if (round % 7 !== 0) parts.push(password);
    parts.push(odd ? digest : password);
    digest = md5(...parts);
  }
  const at = (index: number) => digest[index] ?? 0;
  const groups = GROUPS.map(([high, middle, low]) => encoded((at(high) << 16) | (at(middle) << 8) | at(low), 4));
  return groups.join("") + encoded(at(11), 2);
}

function md5(...parts: readonly (Buffer | string)[]): Buffer<ArrayBuffer> {
  const hash = createHash("md5");
  for (const part of parts) hash.update(part);
  return hash.digest();
}

/** Six bits a character, the lowest first. */
function encoded(value: number, characters: number): string {
  return Array.from({ length: characters }, (_, i) => ALPHABET[(value >> (6 * i)) & 63]).join("");
}
