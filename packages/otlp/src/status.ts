/** google.rpc.Status, the body of every OTLP error answer, as protobuf and as JSON. */
import { Cursor, Wire } from "./cursor.ts";
import { Writer } from "./writer.ts";

/** An error answer. */
export interface Status {
  /** A gRPC status code, such as 3 for INVALID_ARGUMENT. */
  readonly code: number;
  readonly message: string;
  /** Sent as a RetryInfo detail, which makes RESOURCE_EXHAUSTED retryable. Milliseconds. */
  readonly retryDelayMs?: number;
  /** The request itself is wrong: sent as a BadRequest detail that names the message as the violation. OTLP, "Failures". */
  readonly badRequest?: true;
}

/** The type of the detail that says when to try again. */
export const RETRY_INFO = "type.googleapis.com/google.rpc.RetryInfo";
const BAD_REQUEST = "type.googleapis.com/google.rpc.BadRequest";

/** The protobuf bytes, for `application/x-protobuf` and `grpc-status-details-bin`. */
export function encodeStatus(status: Status): Uint8Array {
  const out = new Writer(64 + status.message.length);
  if (status.code !== 0) out.tag(1, Wire.varint).varint(status.code);
  if (status.message !== "") out.text(2, status.message);
  if (status.retryDelayMs !== undefined) {
    const { seconds, nanos } = duration(status.retryDelayMs);
    const detail = out.open(3);
    out.text(1, RETRY_INFO);
    const info = out.open(2);
    const delay = out.open(1);
    if (seconds !== 0) out.tag(1, Wire.varint).varint(seconds);
    if (nanos !== 0) out.tag(2, Wire.varint).varint(nanos);
    out.close(delay).close(info).close(detail);
  }
  if (status.badRequest === true) {
    const detail = out.open(3);
    out.text(1, BAD_REQUEST);
    const violations = out.open(2);
    const violation = out.open(1);
    out.text(2, status.message);
    out.close(violation).close(violations).close(detail);
  }
  return out.finish();
}

/** The JSON form, for `application/json`. */
export function statusToJson(status: Status): string {
  const { code, message, retryDelayMs, badRequest } = status;
  const details: object[] = [];
  if (retryDelayMs !== undefined) details.push({ "@type": RETRY_INFO, retryDelay: durationToJson(retryDelayMs) });
  if (badRequest === true) details.push({ "@type": BAD_REQUEST, fieldViolations: [{ description: message }] });
  return JSON.stringify(details.length === 0 ? { code, message } : { code, message, details });
}

/** A duration as JSON has it, such as `1.500s`. */
function durationToJson(ms: number): string {
  const { seconds, nanos } = duration(ms);
  return `${seconds}${
    nanos === 0
      ? ""
      : `.${String(nanos)
          .padStart(9, "0")
          .replace(/(000)+$/, "")}`
  }s`;
}

/**
 * Reads a Status; of its details only RetryInfo, whose negative delays read as 0. The message is cut off by nobody here,
 * so callers bound the body. Throws WireError on malformed bytes.
 */
export function decodeStatus(bytes: Uint8Array): Status {
  let code = 0;
  let message = "";
  let retryDelayMs: number | undefined;
  const field = new Cursor(bytes);
  while (field.next()) {
    if (field.is(1, Wire.varint)) code = Number(BigInt.asIntN(32, field.int64()));
    else if (field.is(2, Wire.bytes)) message = field.text();
    else if (field.is(3, Wire.bytes)) retryDelayMs = retryDelay(new Cursor(bytes).enter(field)) ?? retryDelayMs;
  }
  return retryDelayMs === undefined ? { code, message } : { code, message, retryDelayMs };
}

/** The delay of a detail, if it is a RetryInfo. */
function retryDelay(any: Cursor): number | undefined {
  let type = "";
  let info: Uint8Array = new Uint8Array(0);
  while (any.next()) {
    if (any.is(1, Wire.bytes)) type = any.text();
    else if (any.is(2, Wire.bytes)) info = any.slice();
  }
  if (!type.endsWith("/google.rpc.RetryInfo")) return undefined;
  let ms = 0;
  const field = new Cursor(info);
  const delay = new Cursor(info);
  while (field.next()) {
    if (!field.is(1, Wire.bytes)) continue;
    delay.enter(field);
    while (delay.next()) {
      if (delay.is(1, Wire.varint)) ms += Number(delay.int64()) * 1000;
      else if (delay.is(2, Wire.varint)) ms += Number(delay.int64()) / 1e6;
    }
  }
  return Math.max(0, ms);
}

function duration(ms: number): { readonly seconds: number; readonly nanos: number } {
  const whole = Math.max(0, Math.round(ms * 1e6));
  return { seconds: Math.floor(whole / 1e9), nanos: whole % 1e9 };
}
