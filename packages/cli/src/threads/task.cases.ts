/**
 * A task in the place of a worker's, for tests: it speaks the same calls and has no log. `hurry` makes it fail, and of the
 * exporter `prometheus/mute` the thread 1 never tells its part. Of an instance `refused` it says that it can never start.
 */
import type { MessagePort } from "node:worker_threads";
import type { ThreadFault } from "./report.ts";

const ROW = { group: "g", topic: "t", signal: "traces", pipeline: "traces", component: "", tenant: "default" };
const NO_ITEMS = { created: 0, forwarded: 0, delivered: 0, deadLettered: 0, dropped: {}, redelivered: 0, inFlight: 1 };

/** Answers with rows that tell the index of the thread. */
export default async function task(given: {
  settings: { index: number; instance: string };
  port: MessagePort;
}): Promise<ThreadFault | undefined> {
  const { settings, port } = given;
  if (settings.instance === "refused") return { code: "startup", message: "not authorized" };
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  port.on("message", ({ id, call, argument }: { id: number; call: string; argument?: { exporter: string } }) => {
    if (call === "hurry") return reject(new Error("told to fail"));
    const rows = [{ ...ROW, ...NO_ITEMS, entered: 10 ** settings.index }];
    const series = [{ name: "rondo_log_fsyncs_total", values: [], value: 1 }];
    if (argument?.exporter === "prometheus/mute" && settings.index === 1) return;
    const part = [
      { name: "x", head: ["# TYPE x gauge"], rows: [{ series: `x${settings.index}`, rest: "1", time: 0 }] },
    ];
    const answers: Readonly<Record<string, unknown>> = { report: { rows, series, unready: [] }, part };
    port.postMessage({ id, value: answers[call] });
    if (call === "close") resolve();
  });
  await promise.finally(() => port.close());
  return undefined;
}
