/** Gives an error its path. Paths cost nothing until something is wrong: they are found again from the offset. */
import { Cursor, Wire } from "./cursor.ts";
import { SIGNAL_MESSAGES } from "./layout.ts";
import { type Message, messageOf } from "./schema.ts";
import type { Signal } from "./signal.ts";
import { WireError } from "./wire-error.ts";

const PATH_DEPTH = 32;

/** Runs `work` over a request body; a WireError that leaves it names the field as well as the byte. */
export function located<T>(signal: Signal, body: Uint8Array, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof WireError) || error.path !== "") throw error;
    throw new WireError(error.problem, error.offset, pathOf(signal, body, error.offset));
  }
}

/** The path of the innermost known field around a byte of a request, such as `resourceLogs[2].scopeLogs[0]`. */
export function pathOf(signal: Signal, body: Uint8Array, offset: number): string {
  const path: string[] = [];
  let message: Message | undefined = messageOf(SIGNAL_MESSAGES[signal].request);
  const cursor = new Cursor(body);
  while (message !== undefined && path.length < PATH_DEPTH) {
    const seen = new Map<number, number>();
    let inner: Message | undefined;
    try {
      while (cursor.next()) {
        const field = message.fields[cursor.field];
        const index = seen.get(cursor.field) ?? 0;
        seen.set(cursor.field, index + 1);
        if (offset >= cursor.stop || field === undefined) continue;
        path.push(field.repeated ? `${field.name}[${index}]` : field.name);
        inner = cursor.wire === Wire.bytes && offset >= cursor.start ? field.message : undefined;
        break;
      }
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      const field = message.fields[cursor.field];
      if (field !== undefined && error.offset >= cursor.at) path.push(field.name);
    }
    message = inner;
    cursor.enter(cursor);
  }
  return path.join(".");
}
