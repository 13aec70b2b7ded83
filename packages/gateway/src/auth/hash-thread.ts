/** A thread that checks passwords against slow hashes, one after the other, so that no event loop waits for them. */
import { parentPort } from "node:worker_threads";
import { compareSync } from "bcryptjs";
import { isMd5Crypt, matchesMd5Crypt } from "./md5-crypt.ts";

/** A question to the thread. */
export interface HashQuestion {
  readonly id: number;
  readonly hash: string;
  readonly password: string;
}

/** Its answer. */
export interface HashAnswer {
  readonly id: number;
  readonly matches: boolean;
}

/** Whether `password` is the one that `hash` was made of. */
export function matchesHash(hash: string, password: string): boolean {
  return isMd5Crypt(hash) ? matchesMd5Crypt(hash, password) : compareSync(password, hash);
}

parentPort?.on("message", ({ id, hash, password }: HashQuestion) => {
  parentPort?.postMessage({ id, matches: matchesHash(hash, password) } satisfies HashAnswer);
});
