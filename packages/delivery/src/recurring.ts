/** Says once that something goes wrong, then how often, then that it is over: a log line per state, not per try. */
import type { Clock, Log } from "@rondo/core";

/** While a trouble lasts, it is mentioned at most this often, in milliseconds. */
export const MENTION_EVERY_MS = 30_000;

/** What may be said with a line; values must be free of secrets. */
type LineFields = Readonly<Record<string, unknown>>;

/** One kind of trouble that comes again and again: the first occurrence is logged, the others are counted. */
export class Recurring {
  readonly #log: Log;
  readonly #clock: Clock;
  readonly #level: "warn" | "error";
  #count = 0;
  #unsaid = 0;
  #since = 0;
  #saidAt = Number.NEGATIVE_INFINITY;

  constructor(log: Log, clock: Clock, level: "warn" | "error" = "warn") {
    this.#log = log;
    this.#clock = clock;
    this.#level = level;
  }

  /** It happened. Logged when it is the first time, or when the last mention is `MENTION_EVERY_MS` ago. */
  happened(message: string, fields: LineFields = {}): void {
    const now = this.#clock.monotonic();
    if (this.#count === 0) this.#since = now;
    this.#count++;
    this.#unsaid++;
    if (now - this.#saidAt < MENTION_EVERY_MS) return;
    const times = this.#count > 1 ? { times: this.#count } : {};
    this.#log[this.#level](message, { ...fields, ...times });
    this.#saidAt = now;
    this.#unsaid = 0;
  }

  /** It is over. Logs one line when it had happened, nothing otherwise. A trouble that flaps is still limited by its own start. */
  over(message: string, fields: LineFields = {}): void {
    if (this.#count === 0) return;
    const seconds = Math.round((this.#clock.monotonic() - this.#since) / 1000);
    // A start that was never mentioned (it fell into the pause after an earlier one) needs no end.
    if (this.#unsaid < this.#count) this.#log.info(message, { ...fields, times: this.#count, seconds });
    this.#count = 0;
    this.#unsaid = 0;
  }
}
