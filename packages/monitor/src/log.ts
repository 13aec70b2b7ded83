/** Rondo's log: pino lines, written before the call returns so that a crash loses none; readable on a terminal, JSON otherwise. */
import type { Clock, Log } from "@rondo/core";
import { type LevelWithSilent, type Logger, pino } from "pino";
import type { LogDestination } from "./log-destination.ts";
import { loggedFields, loggedText } from "./log-value.ts";

/** What is written: the level itself and what is graver. */
export const LOG_LEVELS = ["debug", "info", "warn", "error", "silent"] as const satisfies readonly LevelWithSilent[];

/** One of the levels. */
export type LogLevel = (typeof LOG_LEVELS)[number];

/** How the log is made. */
export interface LogOptions {
  readonly level: LogLevel;
  /** `auto` is `pretty` on a terminal and `json` anywhere else. */
  readonly format: "pretty" | "json" | "auto";
  readonly destination: LogDestination;
  readonly clock: Clock;
}

/** Makes the root log. pino-pretty is loaded only for `pretty`, and runs in this thread. */
export async function createLog({ level, format, destination, clock }: LogOptions): Promise<Log> {
  const pretty = format === "pretty" || (format === "auto" && destination.terminal === true);
  const sink = pretty ? await prettyDestination(destination) : destination;
  const options = {
    level,
    base: null,
    timestamp: () => `,"time":"${new Date(clock.now()).toISOString()}"`,
    formatters: { level: (label: string) => ({ level: label }) },
  };
  return logOf(pino(options, sink));
}

async function prettyDestination(destination: LogDestination): Promise<LogDestination> {
  const { prettyFactory } = await import("pino-pretty");
  const render = prettyFactory({
    colorize: destination.terminal === true,
    translateTime: "SYS:HH:MM:ss.l",
    singleLine: true,
  });
  return { write: (line) => destination.write(render(line)) };
}

/** The names that pino puts on a line itself; a field of that name would stand on it twice. */
const RESERVED = new Set(["level", "time", "msg"]);

function logOf(logger: Logger): Log {
  const line =
    (level: Exclude<LogLevel, "silent">) => (message: string, fields?: Readonly<Record<string, unknown>>) => {
      // Below its level a line costs this look-up alone.
      if (logger.isLevelEnabled(level)) logger[level](clean(fields), loggedText(message));
    };
  return {
    debug: line("debug"),
    info: line("info"),
    warn: line("warn"),
    error: line("error"),
    child: (fields) => logOf(logger.child(clean(fields))),
  };
}

function clean(fields: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return loggedFields(Object.entries(fields).map(([key, value]) => [RESERVED.has(key) ? `${key}_` : key, value]));
}
