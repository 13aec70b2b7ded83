/** `rondo replay-recording`: sends a recording to an OTLP receiver, and says of every item whether it was acknowledged. */
import { type Clock, Fault, type Random } from "@rondo/core";
import { ITEM_NAMES, SIGNALS } from "@rondo/otlp";
import { EXIT, type Out } from "../out.ts";
import { readRecording } from "../replay/recording.ts";
import { type ReplayResult, replay } from "../replay/replay.ts";

/** The options as the command line gives them. */
export interface ReplayCommandOptions {
  /** The path of the recording. */
  readonly file: string;
  readonly http?: string;
  readonly grpc?: string;
  /** A number above 0, or `max`. */
  readonly speed?: string;
  readonly times?: string;
  /** An RFC 3339 time that the recording's first time is moved to; absent means now. */
  readonly start?: string;
}

/** What surrounds a command that takes time. */
export interface ReplayAround {
  readonly out: Out;
  readonly clock: Clock;
  readonly random: Random;
  readonly abort: AbortSignal;
}

/** Where `rondo up` listens when nobody says otherwise. */
const LOCAL = { http: "http://127.0.0.1:4318", grpc: "127.0.0.1:4317" };

/**
 * Replays and prints one line a signal. With neither `--http` nor `--grpc` it goes to both of Rondo's own ports on this
 * machine. Returns 0 when every item was acknowledged, 1 when one was not, 2 when the call or the recording is wrong.
 */
export async function replayRecordingCommand(options: ReplayCommandOptions, around: ReplayAround): Promise<number> {
  const { out } = around;
  try {
    const { http, grpc } = options.http === undefined && options.grpc === undefined ? LOCAL : options;
    const parsed = {
      speed: speedFrom(options.speed),
      times: timesFrom(options.times),
      startMs: startFrom(options.start),
    };
    const recording = await readRecording(options.file);
    const result = await replay({
      ...{ recording, speed: parsed.speed, times: parsed.times },
      ...(parsed.startMs !== undefined && { startMs: parsed.startMs }),
      ...(http !== undefined && { http }),
      ...(grpc !== undefined && { grpc }),
      ...{ clock: around.clock, random: around.random, abort: around.abort },
    });
    for (const line of resultLines(result)) out.line(line);
    if (result.complete) return EXIT.ok;
    for (const [trouble, times] of result.troubles) out.error(`${trouble}${times === 1 ? "" : ` (${times} times)`}`);
    if (result.requests < result.of) out.error(`interrupted: ${result.of - result.requests} requests were not sent`);
    return EXIT.failed;
  } catch (thrown) {
    const fault = Fault.from(thrown);
    if (fault.code === "bug") throw thrown;
    out.error(`rondo replay-recording: ${fault.message}`);
    return fault.code === "config" ? EXIT.usage : EXIT.failed;
  }
}

/** What became of the items, one line a signal: `271 spans: 271 acknowledged`. */
export function resultLines({ tallies }: Pick<ReplayResult, "tallies">): string[] {
  return SIGNALS.map((signal) => {
    const { sent, acked, rejected, givenUp, retries } = tallies[signal];
    const rest = [
      ...(rejected === 0 ? [] : [`${rejected} rejected`]),
      ...(givenUp === 0 ? [] : [`${givenUp} given up`]),
      ...(retries === 0 ? [] : [`${retries} retries`]),
    ];
    return `${sent} ${ITEM_NAMES[signal]}: ${[`${acked} acknowledged`, ...rest].join(", ")}`;
  });
}

/** The factor of `--speed`; `max` is 0: no pace at all. Throws a Fault `config` for what is neither a number nor `max`. */
export function speedFrom(written = "1"): number {
  if (written === "max") return 0;
  const speed = Number(written);
  if (written.trim() !== "" && Number.isFinite(speed) && speed >= 0) return speed;
  throw new Fault("config", `--speed ${written} must be a number such as 1 or 20, or max for as fast as possible`);
}

function timesFrom(written = "shift"): "shift" | "keep" {
  if (written === "shift" || written === "keep") return written;
  throw new Fault("config", `--times ${written} must be shift (the recording happens now) or keep (bytes as recorded)`);
}

function startFrom(written: string | undefined): number | undefined {
  if (written === undefined) return undefined;
  const ms = Date.parse(written);
  if (Number.isFinite(ms)) return ms;
  throw new Fault("config", `--start ${written} must be a time such as 2026-01-31T12:00:00Z`);
}
