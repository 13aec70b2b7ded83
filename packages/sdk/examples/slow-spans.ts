/** Prints every span that took longer than a second: `node slow-spans.ts 127.0.0.1:9092`. */
import { consume } from "@rondo/sdk/consumer";

const [broker = "127.0.0.1:9092"] = process.argv.slice(2);

const consumer = consume({
  brokers: [broker],
  group: "slow-spans",
  pipeline: "traces",
  start: "earliest",
  onBatch(batch) {
    for (const { item: span, resource } of batch.decode()) {
      const ms = Number((span.endTimeUnixNano ?? 0n) - (span.startTimeUnixNano ?? 0n)) / 1e6;
      const service = resource?.attributes.find(({ key }) => key === "service.name")?.value?.stringValue;
      if (ms > 1000) console.log(`${batch.tenant}: ${service} took ${ms} ms for ${span.name}`);
    }
  },
  onFault: (fault) => console.error(fault.message),
});

for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => void consumer.close());
