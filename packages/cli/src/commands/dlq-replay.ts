/** `rondo dlq replay`: sends dead letters again, each to its own exporter alone. */
import { type ReplayLettersResult, replayLetters } from "@rondo/worker";
import { loadGraph } from "../load.ts";
import { EXIT, type Out } from "../out.ts";
import { filterOf, type LetterAround, type LetterFlags, openToMark } from "./letter-flags.ts";

/**
 * Replays the letters that flags mean and that wait. Returns 0 when all of them were taken, 1 when some are still refused, cannot be
 * sent or were not reached, 2 for a wrong configuration; throws Faults of the log, of an exporter's start and of a wrong call.
 */
export async function dlqReplayCommand(flags: LetterFlags, around: LetterAround): Promise<number> {
  const { out, clock, random, log, abort } = around;
  const filter = filterOf(flags, clock.now());
  const graph = await loadGraph(flags, out);
  if (graph === undefined) return EXIT.usage;
  const { broker, close } = await openToMark(graph, flags, around);
  try {
    return printReplay(await replayLetters({ graph, broker, filter, clock, random, log, abort }), out);
  } finally {
    await close();
  }
}

/** Says what became of the letters, in words and as an exit code. */
export function printReplay(result: ReplayLettersResult, out: Out): number {
  const { letters, delivered, refused, dropped, unsendable, complete } = result;
  out.line(
    `${letters} letters were sent: ${delivered} items delivered, ${refused} still refused${dropped > 0 ? `, ${dropped} dropped by the backend` : ""}`,
  );
  for (const [who, count] of unsendable) {
    const why = who.startsWith("pipeline ")
      ? "no exporter refused them; rondo dlq show writes them as OTLP/JSON, which any receiver takes"
      : "the configuration does not have it, or the record could not be read";
    out.error(`${count} letters of ${who} cannot be sent: ${why}`);
  }
  if (!complete) out.error("interrupted: letters that were not sent wait on");
  return complete && refused === 0 && unsendable.size === 0 ? EXIT.ok : EXIT.failed;
}
