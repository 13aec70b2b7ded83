/** Reads the capture file of a `debug` exporter: NDJSON, one batch a line, `{signal, tenant, items, body}` with the body in base64. */
import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { Fault } from "@rondo/core";
import { SIGNALS, type Signal } from "@rondo/otlp";
import { Holdings } from "./holdings.ts";
import { type IdentityOptions, identities } from "./identity.ts";

/**
 * What a capture file holds. A line without its end is a batch whose exporter died while writing: it is left out, as its
 * delivery was never confirmed, whether it is the last one or the next process went on behind it. Throws a Fault `corrupt` that names the line for other damage, `not_found`
 * when there is no file.
 */
export async function readCapture(path: string, options?: IdentityOptions): Promise<Holdings> {
  const holdings = new Holdings();
  let [line, broken] = [0, 0];
  try {
    for await (const text of createInterface({ input: createReadStream(path), crlfDelay: Number.POSITIVE_INFINITY })) {
      if (broken > 0) throw new Fault("corrupt", `${path}:${broken} is not a captured batch`);
      line += 1;
      if (text === "") continue;
      const batch = parse(text) ?? parse(text.slice(text.lastIndexOf('{"')));
      if (batch === undefined) broken = line;
      else holdings.add(batch.signal, identities(batch.signal, batch.body, options));
    }
  } catch (thrown) {
    if (isMissing(thrown)) throw new Fault("not_found", `there is no capture file ${path}; nothing was captured yet?`);
    throw Fault.from(thrown, "corrupt");
  }
  return holdings;
}

/** Undefined for what is no captured batch. */
function parse(text: string): { readonly signal: Signal; readonly body: Buffer } | undefined {
  try {
    const { signal: word, body }: { signal?: unknown; body?: unknown } = JSON.parse(text);
    const signal = SIGNALS.find((one) => one === word);
    return signal === undefined || typeof body !== "string" ? undefined : { signal, body: Buffer.from(body, "base64") };
  } catch {
    return undefined;
  }
}

function isMissing(thrown: unknown): boolean {
  return thrown instanceof Error && "code" in thrown && thrown.code === "ENOENT";
}
