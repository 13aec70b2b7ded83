/** A task in the place of a worker's, for tests: it speaks the same calls and has no log. `hurry` makes it fail. */
import type { MessagePort } from "node:worker_threads";

const ROW = { group: "g", topic: "t", signal: "traces", pipeline: "traces", component: "", tenant: "default" };
const NO_ITEMS = { created: 0, forwarded: 0, delivered: 0, deadLettered: 0, dropped: {}, redelivered: 0, inFlight: 1 };

/** Answers with rows that tell the index of the thread. */
export default function task(given: { settings: { index: number }; port: MessagePort }): Promise<void> {
  const { settings, port } = given;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  port.on("message", ({ id, call }: { id: number; call: string }) => {
    if (call === "hurry") return reject(new Error("told to fail"));
    const rows = [{ ...ROW, ...NO_ITEMS, entered: 10 ** settings.index }];
    const series = [{ name: "rondo_log_fsyncs_total", values: [], value: 1 }];
    port.postMessage({ id, value: call === "report" ? { rows, series, unready: [] } : undefined });
    if (call === "close") resolve();
  });
  return promise.finally(() => port.close());
}
