/** How a sink answers: well, slowly, not at all, or with an error. Switchable while it runs, so that a dry run can rehearse a bad day. */
import { type Clock, Fault, suggestion } from "@rondo/core";

/** What each mode does with a request. */
export const MODES = {
  ok: "Keeps what arrived and answers success.",
  slow: "Keeps what arrived and answers success after `ms`.",
  status: "Keeps nothing and answers the HTTP status (over gRPC: the code that stands for it).",
  hang: "Reads the request, keeps nothing and never answers.",
  lose: "Keeps what arrived, then cuts the connection instead of answering.",
  refuse: "Is not there: connections are refused.",
} as const;

/** One of the modes above. */
export type Mode = keyof typeof MODES;

/** One way to answer. */
export interface Behaviour {
  readonly mode: Mode;
  /** The HTTP status of mode `status`, 400 to 599. */
  readonly status?: number;
  /** The delay of mode `slow`, in milliseconds. */
  readonly ms?: number;
  /** With mode `status`: the pause the answer asks for, as Retry-After and as RetryInfo. */
  readonly retryAfterMs?: number;
  /** After this many milliseconds the mode is `ok` again; absent means until it is switched. */
  readonly forMs?: number;
}

/** The behaviour of a sink that nobody told anything. */
export const OK: Behaviour = { mode: "ok" };

const LONGEST_MS = 86_400_000;

/**
 * Reads a behaviour from what the status API was sent: `{"mode": "503", "retryAfterMs": 1000, "forMs": 60000}`.
 * A number as mode is mode `status`. Throws a Fault `invalid` that names the field and what it may be.
 */
export function readBehaviour(raw: unknown): Behaviour {
  if (typeof raw !== "object" || raw === null) throw invalid('must be an object such as {"mode": "ok"}');
  const given = new Map(Object.entries(raw));
  const word = String(given.get("mode"));
  const asStatus = /^[0-9]+$/.test(word) ? Number(word) : undefined;
  const mode = asStatus === undefined ? word : "status";
  if (!isMode(mode)) throw invalid(`mode "${word}"${suggestion(word, Object.keys(MODES))}, or an HTTP status`);
  const status = asStatus ?? numberIn(given, "status", 400, 599);
  if (status !== undefined && (status < 400 || status > 599)) throw invalid(`status ${status} must be 400 to 599`);
  if (mode === "status" && status === undefined) throw invalid("mode status needs a status from 400 to 599");
  const ms = numberIn(given, "ms", 0, LONGEST_MS);
  if (mode === "slow" && ms === undefined) throw invalid("mode slow needs ms, the delay in milliseconds");
  const retryAfterMs = numberIn(given, "retryAfterMs", 0, LONGEST_MS);
  const forMs = numberIn(given, "forMs", 1, LONGEST_MS);
  return {
    mode,
    ...(status !== undefined && { status }),
    ...(ms !== undefined && { ms }),
    ...(retryAfterMs !== undefined && { retryAfterMs }),
    ...(forMs !== undefined && { forMs }),
  };
}

/**
 * Reads a behaviour as a command line writes it: `ok`, `hang`, `503`, `slow=200`, `refuse=60s`: after the sign stands
 * the delay of `slow`, and for every other mode how long it lasts. Throws a Fault `invalid`.
 */
export function parseBehaviour(text: string): Behaviour {
  const [word = "", amount] = text.split("=", 2);
  if (amount === undefined) return readBehaviour({ mode: word });
  const found = /^([0-9]+)(ms|s|m)?$/.exec(amount);
  if (found === null) throw invalid(`"${text}": after the = stands a time such as 200ms, 60s or 5m`);
  const ms = Number(found[1]) * (found[2] === "m" ? 60_000 : found[2] === "s" ? 1000 : 1);
  return readBehaviour(word === "slow" ? { mode: word, ms } : { mode: word, forMs: ms });
}

/** A behaviour in the words of `parseBehaviour`, for lines on a terminal. */
export function showBehaviour(behaviour: Behaviour): string {
  const word = behaviour.mode === "status" ? String(behaviour.status) : behaviour.mode;
  const delay = behaviour.mode === "slow" ? `=${behaviour.ms}ms` : "";
  return behaviour.forMs === undefined ? word + delay : `${word}${delay} for ${behaviour.forMs} ms`;
}

/** The behaviour of one listener over time: a mode with `forMs` falls back to `ok` by itself. */
export class BehaviourSwitch {
  readonly #clock: Clock;
  readonly #changed: (now: Behaviour) => Promise<void>;
  #current: Behaviour = OK;
  #cancel: (() => void) | undefined;

  /** `changed` hears of every switch, also of the fall back to `ok`; it must not reject. */
  constructor(clock: Clock, changed: (now: Behaviour) => Promise<void>) {
    this.#clock = clock;
    this.#changed = changed;
  }

  get current(): Behaviour {
    return this.#current;
  }

  /** Switches, and resolves when the switch is done; a running `forMs` of the former behaviour no longer counts. */
  set(behaviour: Behaviour): Promise<void> {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#current = behaviour;
    if (behaviour.forMs !== undefined) {
      this.#cancel = this.#clock.after(behaviour.forMs, () => void this.set(OK), { background: true });
    }
    return this.#changed(behaviour);
  }

  /** Stops the timer. The behaviour stays as it is. */
  close(): void {
    this.#cancel?.();
  }
}

function isMode(word: string): word is Mode {
  return Object.hasOwn(MODES, word);
}

function numberIn(given: ReadonlyMap<string, unknown>, key: string, least: number, most: number): number | undefined {
  const value = given.get(key);
  if (value === undefined) return undefined;
  if (typeof value !== "number" || !Number.isInteger(value) || value < least || value > most) {
    throw invalid(`${key} must be a whole number from ${least} to ${most}`);
  }
  return value;
}

function invalid(what: string): Fault {
  return new Fault("invalid", `behaviour: ${what}`);
}
