/** Where the text of `debug` goes: Rondo's log, the process's streams, or files. */

import { once } from "node:events";
import type { Writable } from "node:stream";
import type { Clock, Log } from "@rondo/core";
import { AppendFile } from "./append-file.ts";
import type { DebugValues } from "./config.ts";

/** The streams that the process lends. They are never ended. */
export interface DebugOutputs {
  readonly stdout: Writable;
  readonly stderr: Writable;
}

/** Takes what is shown of a batch; resolves when the other side has room for more. Rejects when it cannot be written. */
export interface Destination {
  show(title: string, counts: Readonly<Record<string, number>>, text: string): Promise<void>;
  close(): Promise<void>;
}

/** The destination that the configuration asks for. */
export function destinationOf(values: DebugValues, log: Log, clock: Clock, outputs: DebugOutputs): Destination {
  if (values.use_internal_logger) return logDestination(log);
  const parts = values.output_paths.map((path) =>
    path === "stdout" || path === "stderr" ? streamSink(outputs[path]) : new AppendFile(path, "buffered"),
  );
  return {
    async show(title, counts, text) {
      // As the Collector's console encoder lays a line out.
      const line = `${new Date(clock.now()).toISOString()}\tinfo\t${title}\t${JSON.stringify(counts)}\n${text}`;
      await Promise.all(parts.map((part) => part.write(line)));
    },
    async close() {
      await Promise.all(parts.map((part) => part.close()));
    },
  };
}

function logDestination(log: Log): Destination {
  return {
    async show(title, counts, text) {
      log.info(title, counts);
      if (text !== "") log.info(text);
    },
    async close() {},
  };
}

/** A lent stream, in the shape of an AppendFile. */
function streamSink(stream: Writable): Pick<AppendFile, "write" | "close"> {
  return {
    async write(text) {
      // A reader that is slow holds back this exporter, not the memory of the process.
      if (!stream.write(text) && !stream.destroyed) await once(stream, "drain");
    },
    async close() {},
  };
}
