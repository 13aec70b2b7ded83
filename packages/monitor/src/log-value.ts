/** What may stand in a log line: no secrets, no control characters, nothing deep, long or wide enough to be a burden. */
import { Fault } from "@rondo/core";

/** Bounds of one log line; what is beyond them is cut, and says so. */
export const LOG_LIMITS = { textLength: 4_096, entries: 64, depth: 5, causes: 5 } as const;

/** What stands in place of a secret. */
export const REDACTED = "[REDACTED]";

// Field names whose values are never printed, as whole words of a snake_case, kebab-case or camelCase name.
const SECRET_NAME =
  /(?:^|[_.-])(?:authorization|password|passwd|passphrase|secret|secrets|token|tokens|cookie|credential|credentials|api[_-]?key|apikey|private[_-]?key|key_pem)(?:$|[_.-])/i;
const USER_INFO = /(\b[a-z][a-z0-9+.-]*:\/\/)[^\s/?#@]+@/gi;
const AUTHORIZATION = /\b(bearer|basic)\s+[\w.~+/=-]{4,}/gi;
// C0 and C1 controls and the Unicode line breaks: they forge lines and steer terminals.
const CONTROLS = /[\p{Cc}\u2028\u2029]+/gu;

/** One line of text: controls become a space, credentials in URLs and headers are redacted, the rest is cut to its bound. */
export function loggedText(value: string): string {
  // Cut first: the expressions then see a bounded text.
  const { textLength } = LOG_LIMITS;
  const kept = value.length <= textLength ? value : value.slice(0, textLength);
  const clean = kept
    .replace(CONTROLS, " ")
    .replace(USER_INFO, `$1${REDACTED}@`)
    .replace(AUTHORIZATION, `$1 ${REDACTED}`)
    .toWellFormed();
  return kept.length === value.length ? clean : `${clean}… (${value.length - kept.length} more)`;
}

/** Any field value as plain data that can be printed. Faults become code, message and causes; bytes become their length. */
export function loggedValue(value: unknown, depth = 0): unknown {
  if (typeof value === "string") return loggedText(value);
  if (typeof value === "bigint" || typeof value === "symbol") return value.toString();
  if (typeof value === "function") return "[function]";
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof Error) return loggedError(value);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? "invalid date" : value.toISOString();
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return `[${value.byteLength} bytes]`;
  if (depth >= LOG_LIMITS.depth) return "[…]";
  // core's Secret renders itself redacted, and so may others.
  if ("toJSON" in value && typeof value.toJSON === "function") return loggedValue(value.toJSON(), depth + 1);
  if (Array.isArray(value) || value instanceof Set) return loggedList([...value], depth);
  return loggedFields(value instanceof Map ? [...value] : Object.entries(value), depth);
}

/** Named values as plain data; those whose name says that they are secret are redacted. */
export function loggedFields(entries: readonly (readonly [unknown, unknown])[], depth = 0): Record<string, unknown> {
  const { entries: limit } = LOG_LIMITS;
  const shown = entries.slice(0, limit).map(([key, value]): [string, unknown] => {
    const name = loggedText(String(key));
    return [name, isSecretName(name) ? REDACTED : loggedValue(value, depth + 1)];
  });
  if (entries.length > limit) shown.push(["…", `${entries.length - limit} more`]);
  return Object.fromEntries(shown);
}

/** Whether a field of this name is held back whatever its value. */
export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name.replace(/([a-z0-9])([A-Z])/g, "$1_$2"));
}

function loggedList(values: readonly unknown[], depth: number): unknown[] {
  const { entries: limit } = LOG_LIMITS;
  const shown = values.slice(0, limit).map((value) => loggedValue(value, depth + 1));
  return values.length > limit ? [...shown, `… ${values.length - limit} more`] : shown;
}

/** The stack is kept only where it helps: for bugs and for errors that nobody made a fault of. */
function loggedError(error: Error, causes = 0): Record<string, unknown> {
  const isBug = !(error instanceof Fault) || error.code === "bug";
  const code: unknown = "code" in error ? error.code : undefined;
  const cause = error.cause;
  return {
    ...(error instanceof Fault ? {} : { name: loggedText(error.name) }),
    ...(typeof code === "string" && { code: loggedText(code) }),
    message: loggedText(error.message),
    ...(isBug && {
      stack: (error.stack ?? "")
        .split("\n")
        .slice(1, 12)
        .map((line) => loggedText(line.trim())),
    }),
    ...(cause !== undefined && {
      cause:
        cause instanceof Error && causes < LOG_LIMITS.causes
          ? loggedError(cause, causes + 1)
          : loggedText(String(cause)),
    }),
  };
}
