/** `rondo dlq show`: dead letters one by one, what is known of each in a comment line and its items as a line of OTLP/JSON. */
import { WireError } from "@rondo/otlp";
import { requestToJson } from "@rondo/otlp/json";
import { letterPartitions, lettersIn, type StoredLetter } from "@rondo/worker";
import { loadGraph } from "../load.ts";
import { EXIT } from "../out.ts";
import { filterOf, type LetterAround, type LetterFlags, letterPlace, openToRead } from "./letter-flags.ts";

/** How much is shown. */
export interface ShowFlags extends LetterFlags {
  /** Letters. */
  readonly limit: number;
  /** Bytes of OTLP/JSON for one letter; larger ones are left out, and said. */
  readonly maxBytes: number;
}

/** Shows letters that wait, oldest first in each partition. Returns 0, 2 for a wrong configuration; throws as `dlqListCommand`. */
export async function dlqShowCommand(flags: ShowFlags, around: LetterAround): Promise<number> {
  const { out, clock } = around;
  const filter = filterOf(flags, clock.now());
  const graph = await loadGraph(flags, out);
  if (graph === undefined) return EXIT.usage;
  const broker = await openToRead(graph, flags, around);
  try {
    let shown = 0;
    for (const partition of await letterPartitions(graph, broker, filter)) {
      for await (const letter of lettersIn(partition, broker, filter)) {
        // A letter that is asked for by its place is shown whatever became of it.
        if (letter.isDone && filter.at === undefined) continue;
        if (shown++ >= flags.limit) {
          out.error(`there are more: --limit ${flags.limit} letters were shown`);
          return EXIT.ok;
        }
        for (const line of letterLines(letter, flags.maxBytes)) out.line(line);
      }
    }
    if (shown === 0) out.error("no dead letters wait that are meant by this");
    return EXIT.ok;
  } finally {
    await broker.close();
  }
}

/** Of a raw record's own headers, those that say nothing of a client. */
const SHOWN_RAW = ["v", "tenant", "via", "items"];

/**
 * The lines of one letter. The client's metadata may be a credential that somebody chose to keep: its values are never shown. All text
 * that came from outside is in JSON, in which no control character is left.
 */
export function letterLines(letter: StoredLetter, maxBytes: number): readonly string[] {
  const { record, headers, isDone } = letter;
  const { meta, raw, at, ...plain } = headers;
  const about = {
    letter: letterPlace(letter),
    ...plain,
    at: new Date(at).toISOString(),
    set_aside: new Date(record.timestamp).toISOString(),
    bytes: record.value.length,
    ...(meta && { metadata_keys: Object.keys(meta) }),
    ...(raw && { raw: Object.fromEntries(Object.entries(raw).filter(([name]) => SHOWN_RAW.includes(name))) }),
    ...(isDone && { done: true }),
  };
  return [`# ${JSON.stringify(about)}`, contentOf(letter, maxBytes)];
}

function contentOf({ signal, record: { value } }: StoredLetter, maxBytes: number): string {
  if (signal === "profiles") return "# profiles are not decoded";
  // JSON is longer than the wire: what is too large already is not worth decoding.
  const tooLarge = (bytes: number) => `# left out: ${bytes} bytes; --max-bytes shows more`;
  if (value.length > maxBytes) return tooLarge(value.length);
  try {
    const json = requestToJson(signal, value);
    return json.length > maxBytes ? tooLarge(json.length) : json.toString();
  } catch (thrown) {
    if (!(thrown instanceof WireError)) throw thrown;
    return `# no OTLP: ${JSON.stringify(thrown.message)}; it begins with ${Buffer.from(value.subarray(0, 64)).toString("hex")}`;
  }
}
