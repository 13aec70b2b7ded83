/**
 * A user's service: `node sdk-consumer-process.ts BROKER GROUP TOPIC HANDLE_MS`. Says `joined`, and of every batch that it has handled
 * its partition and origin, on lines of their own. SIGTERM ends it.
 */
import { writeSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { consume } from "@rondo/sdk/consumer";

const [, , broker = "", group = "", topic = "", handleMs = "0"] = process.argv;
const say = (line: string) => writeSync(1, `${line}\n`);

const consumer = consume({
  brokers: [broker],
  group,
  topic,
  signal: "logs",
  start: "earliest",
  sessionTimeoutMs: 6_000,
  async onBatch({ partition, origin }) {
    await pause(Number(handleMs));
    say(`${partition} ${origin}`);
  },
  onFault: ({ message }) => process.stderr.write(`${message}\n`),
});
process.once("SIGTERM", () => void consumer.close().then(() => say("closed")));
await consumer.joined;
say("joined");
