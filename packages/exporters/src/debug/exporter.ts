/** `debug`: shows what arrives, and can capture it; decodes only what is shown in full. */
import { type Batch, defineExporter, Fault, type RetryPolicy, retry, SETTLED, type Verdict } from "@rondo/core";
import { CARRIED, WireError } from "@rondo/otlp";
import { AppendFile } from "./append-file.ts";
import { check, type DebugValues, fields } from "./config.ts";
import { type DebugOutputs, type Destination, destinationOf } from "./destinations.ts";
import { Sampler } from "./sampler.ts";
import { summaryOf } from "./summary.ts";
import { printable } from "./text.ts";

/** A full disk or a lost directory is looked at again soon: nobody is burdened by the attempt. */
const RETRY: RetryPolicy = { initialMs: 1_000, multiplier: 1.5, maxMs: 10_000, randomization: 0.2 };

/** The `debug` exporter; `outputs` are the streams it may write to. */
export function debugExporter(outputs: DebugOutputs) {
  return defineExporter({
    type: "debug",
    summary: "Shows batches in the log, on a stream or in a file, and can capture them for comparisons.",
    signals: CARRIED,
    fields,
    check,
    create(values, { clock, log }) {
      const shown = new Shown(
        values,
        destinationOf(values, log, clock, outputs),
        new Sampler(values.sampling_initial, values.sampling_thereafter, clock),
      );
      const capture = values.capture_file === null ? undefined : new AppendFile(values.capture_file, "synced");
      return {
        async deliver(batch, abort) {
          if (abort.aborted) return retry(new Fault("aborted", "the try was aborted"));
          try {
            // Captured first: what is captured is what counts as delivered, and showing may be sampled away.
            if (capture !== undefined) await capture.write(captureLine(batch));
            await shown.show(batch);
            return SETTLED;
          } catch (thrown) {
            return notWritten(thrown);
          }
        },
        // Nobody to wait for: a write that takes long is under way, and repeating it would show it twice.
        timeoutMs: 0,
        retry: RETRY,
        async close() {
          await shown.close();
          await capture?.close();
        },
      };
    },
  });
}

function captureLine({ signal, tenant, items, body }: Batch): string {
  return `${JSON.stringify({ signal, tenant, items, body: Buffer.from(body).toString("base64") })}\n`;
}

/** What the file system refuses may be there later; anything else is a mistake of ours. */
function notWritten(thrown: unknown): Verdict {
  if (!(thrown instanceof Error && "code" in thrown && "syscall" in thrown)) throw thrown;
  return retry(new Fault(thrown.code === "ENOSPC" ? "disk_full" : "unavailable", thrown.message, { cause: thrown }));
}

/** What of the batches is shown, by verbosity. */
class Shown {
  readonly #verbosity: DebugValues["verbosity"];
  readonly #destination: Destination;
  readonly #sampler: Sampler;

  constructor({ verbosity }: DebugValues, destination: Destination, sampler: Sampler) {
    this.#verbosity = verbosity;
    this.#destination = destination;
    this.#sampler = sampler;
  }

  /** Shows a batch, or lets it pass when the sampler says so. Bytes that are no OTLP are shown as what is wrong with them. */
  async show(batch: Batch): Promise<void> {
    if (!this.#sampler.take()) return;
    try {
      const { title, counts } = summaryOf(batch);
      await this.#destination.show(title, counts, printable(await this.#text(batch)));
    } catch (thrown) {
      if (!(thrown instanceof WireError)) throw thrown;
      await this.#destination.show("Undecodable", { bytes: batch.body.byteLength }, `${printable(thrown.message)}\n`);
    }
  }

  close(): Promise<void> {
    return this.#destination.close();
  }

  /** The decoder is loaded when there is first something to decode. Of profiles, which it does not know, there are only counts. */
  async #text({ signal, body }: Batch): Promise<string> {
    if (signal === "profiles") return "";
    switch (this.#verbosity) {
      case "basic":
        return "";
      case "normal":
        return (await import("./normal.ts")).normalText(signal, body);
      case "detailed":
        return (await import("./detailed.ts")).detailedText(signal, body);
    }
  }
}
