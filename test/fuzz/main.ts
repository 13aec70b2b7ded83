/** `npm run fuzz`: how many requests came through, how they were answered, and `N passed, N failed` last. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { writeCorpus } from "./corpus.ts";
import { inProcess } from "./in-process.ts";
import { watchLoop } from "./loop-watch.ts";
import { realPort } from "./real-port.ts";
import { type FuzzResult, fuzz } from "./run.ts";
import { type Encoding, seedsOf } from "./seeds.ts";
import type { Transport } from "./target.ts";

const USAGE = `usage: npm run fuzz -- [--transport http|grpc] [--encoding protobuf|json] [--port] [--requests N] [--seed S] [--from K] [--at-once N]

Throws mutated OTLP requests at a gateway, and a good one after each hundred. Without --port the gateway runs in this process
and its connections are streams in memory; with it, it is rondo up on a real port. Every answer must be one that bad input may get,
every good request must be taken, everything that is accepted must be readable, memory must not grow. A request that breaks
one of these is written into test/fuzz/corpus, which the tests replay. --seed S --from K --requests 1 repeats one.`;

const TRANSPORTS: readonly Transport[] = ["http", "grpc"];
const ENCODINGS: readonly Encoding[] = ["protobuf", "json"];

function report({ requests, statuses, problems, seconds, slowestMs, memory }: FuzzResult): void {
  for (const { index, request, text } of problems) {
    const file = request === undefined ? "" : `; written to ${writeCorpus(request, text)}`;
    console.log(`       ${index === undefined ? "" : `request ${index}: `}${text}${file}`);
  }
  const answers = [...statuses].sort(([a], [b]) => a - b).map(([status, count]) => `${status}: ${count}`);
  const mib = memory?.map((bytes) => Math.round(bytes / (1 << 20)));
  const held = mib === undefined ? "" : `; anonymous memory in MiB, by eighths of the run: ${mib.join(" ")}`;
  console.log(`${requests} requests in ${Math.round(seconds)} s, slowest ${Math.round(slowestMs)} ms${held}`);
  console.log(`answers ${answers.join(", ")}`);
}

const ending = new AbortController();

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      transport: { type: "string", default: "http" },
      encoding: { type: "string", default: "protobuf" },
      port: { type: "boolean", default: false },
      requests: { type: "string", default: "100000" },
      seed: { type: "string", default: "1" },
      from: { type: "string", default: "0" },
      "at-once": { type: "string", default: "32" },
      help: { type: "boolean", default: false },
    },
  });
  const transport = TRANSPORTS.find((one) => one === values.transport);
  const encoding = ENCODINGS.find((one) => one === values.encoding);
  const [requests = 0, seed = 0, from = 0, atOnce = 0] = [
    values.requests,
    values.seed,
    values.from,
    values["at-once"],
  ].map(Number);
  const odd = transport === undefined || encoding === undefined || (transport === "grpc" && encoding === "json");
  if (values.help || odd || ![requests, seed, from, atOnce].every(Number.isSafeInteger)) {
    console.log(USAGE);
    return values.help ? 0 : 2;
  }
  const folder = mkdtempSync(join(tmpdir(), "rondo-fuzz-"));
  const watch = watchLoop(`run it again with --transport ${transport} --encoding ${encoding} --seed ${seed} --from`);
  try {
    await using target = values.port ? await realPort(transport, folder) : await inProcess(transport);
    const result = await fuzz({
      ...{ target, seeds: await seedsOf(encoding), encoding, seed, from, requests, atOnce },
      ...{ begins: watch.begins, abort: ending.signal },
      ...(process.stdout.isTTY && {
        progress: (count: number) => void process.stdout.write(`\r${count} of ${requests} `),
      }),
    });
    report(result);
    const failed = result.problems.length;
    console.log(`${failed === 0 ? 1 : 0} passed, ${failed} failed`);
    return failed === 0 ? 0 : 1;
  } finally {
    watch.end();
    rmSync(folder, { recursive: true, force: true });
  }
}

// The first signal ends the run with a report; a second one ends the process, and what it started with it.
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.on(signal, () => {
    if (ending.signal.aborted) process.exit(130);
    ending.abort();
  });
}
process.exitCode = await main();
