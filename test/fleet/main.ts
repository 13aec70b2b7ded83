/** `npm run fleet`: writes a scenario as a recording, with its truth beside it. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { gzipSync } from "node:zlib";
import { outage, recordingText, truthDocument } from "@rondo/testkit/fleet";

const USAGE = `usage: npm run fleet -- --out DIR [--scenario outage] [--seed N] [--speed S] [--start TIME]

Writes outage.ndjson.gz, which rondo replay-recording sends, and outage.truth.json: what the six rules of
deploy/examples/alerting-rules.yml must make of it. The same seed, speed and start give the same bytes. --speed S divides
every duration by S; a recording at speed 1 that is replayed with --speed S has the same times. --start is the scenario's
beginning, as 2026-01-01T00:00:00Z.`;

/** What `--start` is unless said. */
const START = "2026-01-01T00:00:00Z";

function main(): number {
  const { values } = parseArgs({
    options: {
      out: { type: "string" },
      scenario: { type: "string", default: "outage" },
      seed: { type: "string", default: "1" },
      speed: { type: "string", default: "1" },
      start: { type: "string", default: START },
      help: { type: "boolean", default: false },
    },
  });
  const { out, scenario, start, help } = values;
  const [seed, speed, startMs] = [Number(values.seed), Number(values.speed), Date.parse(start)];
  if (help || out === undefined || scenario !== "outage" || !Number.isSafeInteger(seed) || Number.isNaN(startMs)) {
    console.log(USAGE);
    return help ? 0 : 2;
  }
  const played = outage({ seed, startMs, speed });
  mkdirSync(out, { recursive: true });
  const recording = gzipSync(recordingText(played.requests), { level: 9 });
  writeFileSync(join(out, `${scenario}.ndjson.gz`), recording);
  writeFileSync(join(out, `${scenario}.truth.json`), truthDocument(played, seed));
  const { transitions, episodes } = played.truth;
  console.log(`${played.requests.length} requests, ${recording.length} bytes; ${transitions.length} transitions`);
  console.log(`${episodes.length} alerts fire and resolve; ${out}/${scenario}.{ndjson.gz,truth.json}`);
  return 0;
}

process.exitCode = main();
