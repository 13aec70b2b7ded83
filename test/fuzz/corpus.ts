/** Requests that once broke something, as files: `<signal>.<encoding>[.<compression>].<what was wrong>.bin`, replayed for ever. */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { SIGNALS } from "@rondo/otlp";
import { COMPRESSIONS } from "../rig/compressed-bodies.ts";
import type { FuzzRequest } from "./mutated-request.ts";

/** Where they are kept. */
export const CORPUS = new URL("corpus", import.meta.url).pathname;

/** The longest part of a name that says what was wrong. */
const SLUG = 40;

/** Writes a request down; the returned path is the same for the same request and text. */
export function writeCorpus({ signal, encoding, compression, body }: FuzzRequest, text: string): string {
  const slug = text
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .slice(0, SLUG);
  const parts = [signal, encoding, ...(compression === undefined ? [] : [compression])];
  const file = join(CORPUS, `${parts.join(".")}.${slug}-${crc32(body).toString(16)}.bin`);
  writeFileSync(file, body);
  return file;
}

/** Every request of the corpus, with the name of its file. Throws for a name that says not what to do with it. */
export function readCorpus(): readonly { readonly name: string; readonly request: FuzzRequest }[] {
  return readdirSync(CORPUS)
    .filter((name) => name.endsWith(".bin"))
    .map((name) => ({ name, request: { ...meaningOf(name), body: readFileSync(join(CORPUS, name)) } }));
}

function meaningOf(name: string): Omit<FuzzRequest, "body"> {
  const parts = name.split(".");
  const signal = SIGNALS.find((one) => one === parts[0]);
  const encoding = (["protobuf", "json"] as const).find((one) => one === parts[1]);
  const compression = COMPRESSIONS.find((one) => one === parts[2]);
  if (signal === undefined || encoding === undefined)
    throw new Error(`${name} does not begin with signal and encoding`);
  return { signal, encoding, ...(compression !== undefined && { compression }) };
}
