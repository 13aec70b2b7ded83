/** Reads a request's body under the limit and under credits that are taken before the bytes are. */
import type { IncomingMessage } from "node:http";
import { Fault } from "@rondo/core";
import type { Permit } from "./admission.ts";
import type { Intake, Refused } from "./intake.ts";

/** Credits are taken in steps of this many bytes while the length of a body is unknown. */
const STEP = 64 << 10;

/** A body with the credits that cover it; whoever takes it must release them. */
export interface Whole {
  readonly body: Buffer;
  readonly permit: Permit;
}

/** A body, the refusal, or undefined when the client went away. */
export type Received = Whole | Refused | undefined;

/** Whether a body was refused. */
export function isRefused(received: NonNullable<Received>): received is Refused {
  return "kind" in received;
}

/** What a body is read under. */
export interface BodyBounds {
  /** The largest body, bytes. */
  readonly limit: number;
  readonly intake: Intake;
  /** The bytes of memory that so many bytes of body will need. */
  readonly expect: (bytes: number) => number;
  /** Called when the first credits were granted, before anything is read. */
  readonly admitted: () => void;
}

/**
 * Reads the whole body. `expected` bytes of credit are taken at once when the length is declared, else step by step. What a
 * refused client still sends is read and thrown away by Node until the request times out, so that it sees the answer.
 */
export function readBody(request: IncomingMessage, { limit, intake, expect, admitted }: BodyBounds): Promise<Received> {
  const declared = declaredLength(request);
  const tooLarge = () => intake.refuse(new Fault("too_large", `the body exceeds the limit of ${limit} B`));
  if (declared !== undefined && declared > limit) return Promise.resolve(tooLarge());
  let held = declared === undefined ? STEP : Math.max(declared, expect(declared));
  const permit = intake.admission.take(held);
  if (permit === undefined) return Promise.resolve(intake.overloaded(held));
  admitted();

  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const end = (received: Received) => {
      request.off("data", take).off("end", whole).off("close", gone);
      if (received === undefined || isRefused(received)) permit.release();
      resolve(received);
    };
    const take = (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > limit) return end(tooLarge());
      if (bytes > held) {
        held = Math.max(bytes + STEP, expect(bytes));
        if (!permit.resize(held)) return end(intake.overloaded(held));
      }
      chunks.push(chunk);
    };
    const whole = () => {
      const [first] = chunks;
      end({ body: first !== undefined && chunks.length === 1 ? first : Buffer.concat(chunks, bytes), permit });
    };
    const gone = () => end(undefined);
    request.on("data", take).on("end", whole).on("close", gone);
  });
}

/** Content-Length; undefined for a chunked body. Node has refused what is not a number, and both headers together. */
function declaredLength({ headers }: IncomingMessage): number | undefined {
  if (headers["transfer-encoding"] !== undefined) return undefined;
  return Number(headers["content-length"] ?? 0);
}
