/** Reads a request's body under the limit and under credits that are taken before the bytes are. */
import type { IncomingMessage } from "node:http";
import { allocate, Fault, free } from "@rondo/core";
import type { Permit } from "./admission.ts";
import { grown, roomAhead } from "./grown.ts";
import type { Intake, Refused } from "./intake.ts";
import type { ReadingTurns } from "./reading-turns.ts";
import { requestFault } from "./status-table.ts";

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
  readonly turns: ReadingTurns;
  /** Whose body it is. */
  readonly tenant: string;
  /** The bytes of memory that so many bytes of body will need. */
  readonly expect: (bytes: number) => number;
  /** Called when the first credits were granted, before anything is read. */
  readonly admitted: () => void;
}

/**
 * Reads what a refused client still sends and gives its memory back at once, so that it sees the answer and costs nothing. Node
 * would throw the bytes away too, and leave their memory to the collector: under load, hundreds of megabytes of it.
 */
export function discard(request: IncomingMessage, turns: ReadingTurns): void {
  request.on("data", (chunk: Buffer) => {
    turns.read(request, chunk.length);
    free(chunk);
  });
}

/**
 * Reads the whole body. Credits are taken before memory is, step by step as bytes arrive; a body that is small, or here at once,
 * needs one step. The body of a refused client is discarded until the request times out.
 */
export function readBody(
  request: IncomingMessage,
  { limit, intake, turns, tenant, expect, admitted }: BodyBounds,
): Promise<Received> {
  const declared = declaredLength(request);
  const tooLarge = () => intake.refuse(new Fault("too_large", `the body exceeds the limit of ${limit} B`));
  const refused = (refusal: Refused) => {
    discard(request, turns);
    return Promise.resolve(refusal);
  };
  if (declared !== undefined && declared > limit) return refused(tooLarge());
  const { credits } = intake.admission;
  if (declared !== undefined && declared > credits) return refused(intake.overloaded(declared, tenant));
  /** The memory that is taken when so many bytes are here. */
  const roomFor = (arrived: number) =>
    declared === undefined
      ? Math.max(arrived, Math.min(credits, arrived + STEP))
      : Math.min(declared, Math.max(STEP, roomAhead(arrived)));
  /** What it will need in all. */
  const wanted = (arrived: number) => Math.max(room, expect(Math.min(room, declared ?? arrived)));
  let room = roomFor(0);
  let held = wanted(0);
  const permit = intake.admission.take(held, tenant);
  if (permit === undefined) return refused(intake.overloaded(held, tenant));
  admitted();

  return new Promise((resolve) => {
    const joined = chunks(declared);
    let bytes = 0;
    /** What still comes of a body that was refused is thrown away. */
    let isOver = false;
    const end = (received: Received) => {
      if (isOver) return;
      isOver = true;
      if (received === undefined || isRefused(received)) {
        joined.drop();
        permit.release();
      }
      resolve(received);
    };
    /** The refusal for memory that was not there; nobody else would catch what is thrown in the events of a stream. */
    const short = (thrown: unknown) => end(intake.refuse(requestFault(thrown)));
    request.on("data", (chunk: Buffer) => {
      turns.read(request, chunk.length);
      if (isOver) return free(chunk);
      bytes += chunk.length;
      if (bytes > limit) {
        free(chunk);
        return end(tooLarge());
      }
      if (bytes > room) {
        room = roomFor(bytes);
        held = Math.max(held, wanted(bytes));
        if (!permit.resize(held)) {
          free(chunk);
          return end(intake.overloaded(held, tenant));
        }
      }
      try {
        joined.add(chunk, room);
      } catch (thrown) {
        short(thrown);
      }
    });
    request.on("end", () => {
      if (isOver) return;
      try {
        end({ body: joined.whole(), permit });
      } catch (thrown) {
        short(thrown);
      }
    });
    request.on("close", () => end(undefined));
  });
}

/** What has arrived of a body. */
interface Chunks {
  /** Takes the chunk over: its memory may be gone afterwards. `room` is granted for it and all before it. */
  add(chunk: Buffer, room: number): void;
  /** Everything that was added, in one piece. */
  whole(): Buffer;
  /** Gives the memory of everything back. */
  drop(): void;
}

/**
 * Joins the chunks of a body of `declared` bytes, if it says how many, each copied and then freed. They are ours:
 * Node's HTTP parser hands out copies of what it read. Of a body that does not say, the first is kept as it is and all others are
 * copied into blocks: a chunk of one byte costs some hundred bytes of heap, which no credits cover.
 */
function chunks(declared: number | undefined): Chunks {
  return declared === undefined ? undeclared() : ofLength(declared);
}

function ofLength(declared: number): Chunks {
  let body: Buffer | undefined;
  let filled = 0;
  return {
    add(chunk, room) {
      // A body of one chunk is that chunk. Node lets no more bytes through than were declared.
      if (body === undefined && chunk.length >= declared) {
        body = chunk;
        return;
      }
      if (body === undefined || room > body.length) body = grown(body, filled, room);
      filled += chunk.copy(body, filled);
      free(chunk);
    },
    drop() {
      if (body !== undefined) free(body);
    },
    whole: () => body ?? allocate(0),
  };
}

function undeclared(): Chunks {
  let first: Buffer | undefined;
  const blocks: Buffer[] = [];
  /** Bytes in the blocks, all of which are full but the last. */
  let filled = 0;
  /** Copies what there is room for in the last block, and returns how much that is. */
  const copy = (chunk: Buffer, from: number): number => {
    let last = blocks.at(-1);
    if (last === undefined || filled === blocks.length * STEP) {
      last = allocate(STEP);
      blocks.push(last);
    }
    const copied = chunk.copy(last, filled % STEP, from);
    filled += copied;
    return copied;
  };
  return {
    add(chunk) {
      if (first === undefined) {
        first = chunk;
        return;
      }
      for (let at = 0; at < chunk.length; ) at += copy(chunk, at);
      free(chunk);
    },
    drop() {
      for (const part of [first, ...blocks]) if (part !== undefined) free(part);
    },
    whole() {
      if (first !== undefined && blocks.length === 0) return first;
      const whole = allocate((first?.length ?? 0) + filled);
      let at = 0;
      for (const part of [first, ...blocks]) {
        if (part === undefined) continue;
        at += part.copy(whole, at);
        free(part);
      }
      return whole;
    },
  };
}

/** Content-Length; undefined for a chunked body. Node has refused what is not a number, and both headers together. */
function declaredLength({ headers }: IncomingMessage): number | undefined {
  if (headers["transfer-encoding"] !== undefined) return undefined;
  return Number(headers["content-length"] ?? 0);
}
