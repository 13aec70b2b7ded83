/** The `rondo` command: reads arguments, runs one command, ends the process. Nothing else in Rondo does any of these. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { processEnvironment } from "@rondo/config";
import { Fault, type Log, parseDuration, silentLog, systemClock } from "@rondo/core";
import { createLog, descriptorDestination, LOG_LEVELS, type LogDestination, type LogLevel } from "@rondo/monitor";
import { Command, InvalidArgumentError, Option } from "commander";
import type { DropFlags } from "./commands/dlq-drop.ts";
import type { ShowFlags } from "./commands/dlq-show.ts";
import type { LetterFlags } from "./commands/letter-flags.ts";
import type { ReplayOptions } from "./commands/replay.ts";
import type { ReplayCommandOptions } from "./commands/replay-recording.ts";
import type { SinkCommandOptions } from "./commands/sink.ts";
import type { UpOptions } from "./commands/up.ts";
import type { PrintOptions } from "./ledger/print-ledger.ts";
import { EXIT, processOut } from "./out.ts";
import { terminalOn } from "./view/terminal.ts";

const packageJson: { readonly version: string } = JSON.parse(
  readFileSync(new URL("../package.json", import.meta.url), "utf8"),
);

/** Exit code of a process that a second signal ended. */
const INTERRUPTED = 130;

const stop = new AbortController();

/** The first signal asks for an orderly end, the second ends at once. */
function onSignal(): void {
  if (stop.signal.aborted) process.exit(INTERRUPTED);
  stop.abort();
}

/** What every command that runs gets of this process: the only place where clock, chance and streams come from. */
const surroundings = (log: Log) => ({
  out: processOut,
  log,
  clock: systemClock,
  random: Math.random,
  version: packageJson.version,
  abort: stop.signal,
});

/** Runs a command, ends the process with its exit code, and turns what it throws into one line. */
function running<A extends unknown[]>(command: (...args: A) => Promise<number>): (...args: A) => Promise<void> {
  return async (...args) => {
    process.on("SIGINT", onSignal);
    process.on("SIGTERM", onSignal);
    try {
      process.exitCode = await command(...args);
    } catch (thrown) {
      const fault = Fault.from(thrown);
      processOut.error(
        fault.code === "bug" && thrown instanceof Error
          ? `rondo: a bug: ${thrown.stack ?? thrown.message}`
          : `rondo: ${fault.message}`,
      );
      process.exitCode = fault.code === "config" ? EXIT.usage : EXIT.failed;
    }
    // Whatever still holds the event loop open has had its chance to end orderly.
    process.exit();
  };
}

/** Throws what commander turns into one line about the flag, with exit code 2. */
function milliseconds(written: string): number {
  const ms = parseDuration(written);
  if (ms === undefined) throw new InvalidArgumentError("write a duration with a unit, such as 500ms, 10s or 1m");
  return ms;
}

/** Collects a flag that may be repeated. */
const several = (value: string, before: readonly string[]) => [...before, value];

/** An option that may be given several times; its value is a list, empty when it is not given. */
function repeatable(flags: string, description: string): Option {
  return new Option(flags, description).argParser(several).default([], "none");
}

/** For the commands that run a worker. */
function dropBacklogOption(): Option {
  return repeatable(
    "--drop-backlog <id>",
    "let go of what an exporter or pipeline that was removed from the configuration has not read, and count it as dropped",
  );
}

// Flags as commander names them: camel case of what is declared below, read by the parsers given there.
interface LogFlags {
  readonly logLevel: LogLevel;
  readonly logFormat: "auto" | "pretty" | "json";
}

interface ConfigFlags {
  readonly config: readonly string[];
  readonly set: readonly string[];
  readonly strict?: boolean;
  readonly featureGates: readonly string[];
}

interface RuntimeOnlyFlags extends LogFlags {
  readonly data: string;
  readonly metricsAddress?: string;
  readonly healthAddress?: string;
  readonly instance?: string;
  readonly drainTimeout: number;
  readonly threads?: number;
  readonly dropBacklog?: readonly string[];
}

type RuntimeFlags = RuntimeOnlyFlags & ConfigFlags;

interface DemoFlags extends RuntimeOnlyFlags {
  readonly config?: string;
  readonly recording?: string;
  readonly speed: string;
}

/** The action of a command that runs roles until it is asked to stop. */
function runningRoles(command: UpOptions["command"]): (flags: RuntimeFlags) => Promise<void> {
  return running(async (flags) => {
    const { upCommand } = await import("./commands/up.ts");
    const terminal = process.stderr.isTTY;
    return await upCommand(
      { ...flags, command, terminal, drainMs: flags.drainTimeout },
      surroundings(await logOf(flags)),
    );
  });
}

/** Throws what commander turns into one line about the flag. More than the machine's cores would be no faster. */
function threadCount(written: string): number {
  const threads = Number(written);
  if (/^\d+$/.test(written) && threads >= 1 && threads <= 64) return threads;
  throw new InvalidArgumentError("write a number from 1 to 64");
}

/** Throws what commander turns into one line about the flag. */
function wholeNumber(written: string): number {
  if (/^\d{1,9}$/.test(written)) return Number(written);
  throw new InvalidArgumentError("write a whole number");
}

/** Declares the flags of commands that write a log. */
function withLog(command: Command): Command {
  return command
    .addOption(new Option("--log-level <level>", "what is logged").choices(LOG_LEVELS).default("info"))
    .addOption(
      new Option("--log-format <format>", "auto: readable on a terminal, JSON otherwise")
        .choices(["auto", "pretty", "json"])
        .default("auto"),
    );
}

function logOn(destination: LogDestination, { logLevel, logFormat }: LogFlags): Promise<Log> {
  return createLog({ level: logLevel, format: logFormat, destination, clock: systemClock });
}

/** On standard error: standard output belongs to what the command was asked for. */
function logOf(flags: LogFlags): Promise<Log> {
  return logOn(descriptorDestination(2, process.stderr.isTTY), flags);
}

/** Declares the flags of commands that read a configuration. */
function withConfig(command: Command): Command {
  return command
    .addOption(repeatable("--config <file>", "Collector YAML; several are merged in order"))
    .addOption(
      repeatable("--set <path=value>", "overrides one value, such as exporters.otlp/tempo.endpoint=127.0.0.1:4317"),
    )
    .addOption(
      repeatable(
        "--feature-gates <gates>",
        "the Collector's, such as service.profilesSupport; a - before one turns it off",
      ),
    )
    .option("--strict", "refuse what the Collector would refuse, even where Rondo can do without");
}

/** Declares the flags of commands that run roles. */
function withRuntime(command: Command): Command {
  return withLog(command)
    .option("--data <dir>", "folder of the log", "data")
    .option("--metrics-address <host:port>", "own metrics; port 0 picks one (default: 127.0.0.1:8888)")
    .option(
      "--health-address <host:port>",
      "readiness; port 0 picks one (default: the health_check extension's endpoint, or 127.0.0.1:13133)",
    )
    .option("--instance <name>", "name of this process in counts (default: host name and data folder)")
    .addOption(
      new Option("--drain-timeout <duration>", "how long an orderly stop may take")
        .argParser(milliseconds)
        .default(10_000, "10s"),
    );
}

const program = new Command("rondo")
  .description("A streaming telemetry pipeline for federated learning.")
  .version(packageJson.version)
  .showHelpAfterError("(rondo help shows every command)")
  // Commander ends with 1 for a wrong call; scripts were promised 2.
  .exitOverride((error) => process.exit(error.exitCode === 0 ? EXIT.ok : EXIT.usage));

// Each command is loaded when it is called: asking for help should not wait for gRPC, the log and the codec.
withRuntime(withConfig(program.command("up").description("run every role in one process")))
  .addOption(dropBacklogOption())
  .action(runningRoles("up"));
withRuntime(withConfig(program.command("gateway").description("take OTLP and make it durable on Kafka"))).action(
  runningRoles("gateway"),
);
withRuntime(withConfig(program.command("worker").description("run pipelines and exporters over Kafka")))
  .addOption(
    new Option("--threads <n>", "threads, each with its own share of the partitions").argParser(threadCount).default(1),
  )
  .addOption(dropBacklogOption())
  .action(runningRoles("worker"));
withRuntime(withConfig(program.command("alerts").description("evaluate rules and tell Alertmanager"))).action(
  runningRoles("alerts"),
);

withConfig(program.command("validate").description("check a configuration and explain what is wrong in it")).action(
  running(async (flags: ConfigFlags) => {
    const { validateCommand } = await import("./commands/validate.ts");
    return await validateCommand(flags, processOut);
  }),
);

program
  .command("components")
  .description("list the components that can be configured, and those still to come")
  .action(
    running(async () => {
      const { componentsCommand } = await import("./commands/components.ts");
      return componentsCommand(processOut);
    }),
  );

withConfig(
  program.command("print-config").description("print the configuration as it takes effect, secrets redacted"),
).action(
  running(async (flags: ConfigFlags) => {
    const { printConfigCommand } = await import("./commands/print-config.ts");
    return await printConfigCommand(flags, processOut);
  }),
);

withConfig(program.command("ledger").description("print the account of everything in the log"))
  .option("--data <dir>", "folder of the log", "data")
  .option("--partitions", "a row for each partition as well; without it only where something differs")
  .option("--json", "one line of JSON, for machines")
  .action(
    running(async (flags: ConfigFlags & PrintOptions & { readonly data: string }) => {
      const { ledgerCommand } = await import("./commands/ledger.ts");
      return await ledgerCommand(flags, { out: processOut, clock: systemClock, random: Math.random });
    }),
  );

const dlq = program.command("dlq").description("look at dead letters, send them again, or give them up");

/** A command about dead letters, with the flags that say which. */
function aboutLetters(name: string, description: string): Command {
  return withConfig(dlq.command(name).description(description))
    .option("--data <dir>", "folder of the log", "data")
    .option("--pipeline <id>", "letters of this pipeline alone")
    .option("--exporter <id>", "of this exporter")
    .option("--reason <reason>", "that were set aside for this reason")
    .option("--tenant <tenant>", "of this tenant")
    .option("--since <when>", "that were set aside since then: 2h, or an RFC 3339 time")
    .option("--letter <place>", "one letter, by <topic>/<partition>/<offset>");
}

aboutLetters("list", "count the letters that wait").action(
  running(async (flags: LetterFlags) => {
    const { dlqListCommand } = await import("./commands/dlq-list.ts");
    return await dlqListCommand(flags, surroundings(silentLog));
  }),
);
aboutLetters("show", "print letters as OTLP/JSON, a line each, below a comment line with what is known of it")
  .option("--limit <n>", "how many", wholeNumber, 10)
  .option("--max-bytes <n>", "leave out what is longer, bytes of JSON", wholeNumber, 65_536)
  .action(
    running(async (flags: ShowFlags) => {
      const { dlqShowCommand } = await import("./commands/dlq-show.ts");
      return await dlqShowCommand(flags, surroundings(silentLog));
    }),
  );
withLog(aboutLetters("replay", "send letters again, each to its own exporter alone")).action(
  running(async (flags: LetterFlags & LogFlags) => {
    const { dlqReplayCommand } = await import("./commands/dlq-replay.ts");
    return await dlqReplayCommand(flags, surroundings(await logOf(flags)));
  }),
);
aboutLetters("drop", "give letters up: they are never sent again")
  .option("--all", "every letter, when nothing else says which")
  .action(
    running(async (flags: DropFlags) => {
      const { dlqDropCommand } = await import("./commands/dlq-drop.ts");
      return await dlqDropCommand(flags, surroundings(silentLog));
    }),
  );

program
  .command("data")
  .description("look after the folder of the log on this machine")
  .command("check")
  .description("read every byte of it, say what is there, what is wrong and what to do")
  .option("--data <dir>", "folder of the log", "data")
  .option("--repair", "cut off what a crash interrupted, and make wrong indexes again")
  .action(
    running(async (flags: { readonly data: string; readonly repair?: boolean }) => {
      const { dataCheckCommand } = await import("./commands/data-check.ts");
      return await dataCheckCommand(flags, { out: processOut, clock: systemClock });
    }),
  );

program
  .command("sink")
  .description("receive OTLP in the place of a backend and keep the ids of what arrived")
  .option<readonly string[]>("--grpc <[name=]host:port>", "listen for OTLP/gRPC; once for each exporter", several, [])
  .option<readonly string[]>(
    "--http <[name=]host:port>",
    "listen for OTLP/HTTP; equal names belong together",
    several,
    [],
  )
  .option("--status-address <host:port>", "the status API (default: a free port of 127.0.0.1)")
  .option("--ledger <file>", "write the ids of each request to FILE before it is answered")
  .option("--answer <how>", "ok, hang, 503, slow=200ms, refuse=60s, …", "ok")
  .option<readonly string[]>("--ignore <key>", "an attribute that does not count for identity", several, [])
  .option("--max-ids <n>", "how many ids are kept for each signal", Number)
  .option("--until-stdin-ends", "end with whoever holds the other end of the standard input")
  .action(
    running(async (flags: SinkCommandOptions & { readonly untilStdinEnds?: true }) => {
      // The system closes the input when its other end is gone, however that ended: no child is left behind by a kill.
      if (flags.untilStdinEnds) process.stdin.once("close", () => stop.abort()).resume();
      const { sinkCommand } = await import("./commands/sink.ts");
      return await sinkCommand(flags, {
        out: processOut,
        terminal: process.stdout.isTTY,
        clock: systemClock,
        abort: stop.signal,
      });
    }),
  );

withLog(
  withConfig(program.command("replay").description("send a span of what came in to a pipeline's exporters again")),
)
  .option("--data <dir>", "folder of the log", "data")
  .requiredOption("--pipeline <id>", "whose enriched topic is read, such as traces")
  .option("--from <time>", "when it begins: RFC 3339, or how long ago, such as -2h")
  .option("--to <time>", "when it ends, itself not included (default: now)")
  .option("--exporter <id>", "this one alone (default: every exporter of the pipeline)")
  .option("--run <name>", "goes on with a replay that ended early, or names a new one")
  .option("--dry-run", "only say how much it would be")
  .action(
    running(async (flags: ReplayOptions & LogFlags) => {
      const { replayCommand } = await import("./commands/replay.ts");
      return await replayCommand(flags, surroundings(await logOf(flags)));
    }),
  );

program
  .command("replay-recording")
  .description("send a recorded run again")
  .argument("<file>", "recording.ndjson or recording.ndjson.gz")
  .option("--http <url>", "base URL of an OTLP/HTTP receiver")
  .option("--grpc <host:port>", "an OTLP/gRPC receiver")
  .option("--speed <n>", "times faster than recorded, or max", "1")
  .addOption(
    new Option("--times <how>", "shift: as if it happened now; keep: as recorded")
      .choices(["shift", "keep"])
      .default("shift"),
  )
  .option("--start <time>", "an RFC 3339 time that the first time becomes (default: now)")
  .action(
    running(async (file: string, flags: Omit<ReplayCommandOptions, "file">) => {
      const { replayRecordingCommand } = await import("./commands/replay-recording.ts");
      return await replayRecordingCommand({ ...flags, file }, surroundings(silentLog));
    }),
  );

withRuntime(program.command("demo").description("what npm start runs: a recorded run through the whole road"))
  .option("--config <file>", "the configuration whose backends a sink stands in for")
  .option("--recording <file>", "the run to replay")
  .option("--speed <n>", "times faster than recorded, or max", "4")
  .action(
    running(async (flags: DemoFlags) => {
      const { demoCommand } = await import("./commands/demo.ts");
      return await demoCommand(flags, {
        // Its log is made later: every line has to pass through the view, which draws below it.
        ...surroundings(silentLog),
        logTo: (write) => logOn({ write, terminal: process.stdout.isTTY }, flags),
        terminal: terminalOn(process.stdout, processEnvironment("NO_COLOR")),
        main: fileURLToPath(import.meta.url),
      });
    }),
  );

await program.parseAsync();
