/** Reads the answers to an export call in JSON: Export…ServiceResponse and google.rpc.Status, as servers other than ours write them. */
import { REJECTED } from "./layout.ts";
import type { PartialSuccess } from "./response.ts";
import type { Carried } from "./signal.ts";
import { RETRY_INFO, type Status } from "./status.ts";
import { WireError } from "./wire-error.ts";

/**
 * Reads a response of a signal: what was rejected, or undefined for full success. Members of other types are as absent, for
 * the status has accepted the request already. Throws WireError when the text is no JSON object; callers bound it.
 */
export function responseFromJson(signal: Carried, text: Uint8Array): PartialSuccess | undefined {
  const partial = member(objectOf(text), "partialSuccess");
  const said = member(partial, "errorMessage");
  const message = typeof said === "string" ? said : "";
  // 64-bit integers are strings in OTLP/JSON; numbers are taken as well.
  const count = Number(member(partial, REJECTED[signal]) ?? 0);
  const rejected = Number.isFinite(count) ? count : 0;
  return rejected === 0 && message === "" ? undefined : { rejected, message };
}

/**
 * Reads a Status; of its details only RetryInfo. Members of other types are as absent. Throws WireError when the text is no
 * JSON object; callers bound it.
 */
export function statusFromJson(text: Uint8Array): Status {
  const root = objectOf(text);
  const said = member(root, "message");
  const number = Number(member(root, "code") ?? 0);
  const status = { code: Number.isInteger(number) ? number : 0, message: typeof said === "string" ? said : "" };
  const details: unknown = member(root, "details");
  const info = Array.isArray(details) ? details.find((detail) => member(detail, "@type") === RETRY_INFO) : undefined;
  const seconds = /^-?\d+(?:\.\d{1,9})?(?=s$)/.exec(String(member(info, "retryDelay") ?? ""))?.[0];
  return seconds === undefined ? status : { ...status, retryDelayMs: Math.max(0, Number(seconds) * 1000) };
}

function objectOf(text: Uint8Array): object {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(text.buffer, text.byteOffset, text.byteLength).toString("utf8"));
  } catch {
    throw new WireError("an answer is not JSON", 0);
  }
  if (typeof value !== "object" || value === null) throw new WireError("an answer is not a JSON object", 0);
  return value;
}

function member(of: unknown, name: string): unknown {
  return typeof of === "object" && of !== null && Object.hasOwn(of, name) ? Reflect.get(of, name) : undefined;
}
