/** What goes wrong with Redis, as Faults: later will do, somebody must change something, or the connection was closed. */
import { Fault } from "@rondo/core";

/** First words of error replies that pass by themselves or when somebody frees memory: https://redis.io/docs/latest/develop/reference/protocol-spec/#simple-errors */
const PASSES = new Set([
  "OOM",
  "LOADING",
  "READONLY",
  "BUSY",
  "MASTERDOWN",
  "CLUSTERDOWN",
  "TRYAGAIN",
  "NOREPLICAS",
  "MISCONF",
]);
/** First words of those that say that we may not. */
const REFUSES = new Set(["NOAUTH", "WRONGPASS", "NOPERM"]);

/** The Fault of whatever a command threw; `where` is host and port. A Fault stays itself. */
export function redisFault(thrown: unknown, where: string): Fault {
  if (thrown instanceof Fault) return thrown;
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  const options = { cause: error };
  if (error.name !== "ReplyError") {
    return new Fault("unavailable", `redis at ${where} cannot be reached: ${reasonOf(error)}`, options);
  }
  const [word = ""] = error.message.split(" ");
  if (REFUSES.has(word)) {
    return new Fault("config", `redis at ${where} refuses us (${word}): check user, password and permissions`, options);
  }
  // Anything else is ours: a script that Redis does not take, or a key that somebody else uses.
  const code = PASSES.has(word) ? "unavailable" : "rejected";
  return new Fault(code, `redis at ${where} answers: ${error.message}`, options);
}

/** Some socket errors have a code and no message. */
function reasonOf(error: Error): string {
  return error.message || ("code" in error ? String(error.code) : error.name);
}
