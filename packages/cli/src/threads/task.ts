/**
 * What a thread of `rondo worker --threads N` runs, as one task that ends with the process: the worker role over Kafka and
 * Redis clients of its own, so that no payload crosses threads. The process asks it over a port. Architecture: threads.
 */
import type { MessagePort } from "node:worker_threads";
import { Fault, fired, systemClock } from "@rondo/core";
import { createLog, createRegistry, descriptorDestination, Readiness } from "@rondo/monitor";
import { startWorker } from "@rondo/worker";
import { componentTypes } from "../component-types.ts";
import { readConfig } from "../load.ts";
import { openLog } from "../open-log.ts";
import { untilThere } from "../until-there.ts";
import { openWindows, windowsWriter } from "../windows.ts";
import { answerCalls } from "./calls.ts";
import { HeldPages } from "./held-pages.ts";
import type { PartWanted, ThreadFault, ThreadReport, ThreadSettings } from "./report.ts";

/** Runs until the port asks for the end. Resolves to why the worker could not start; the process may then start it again. */
export default async function task(given: Given): Promise<ThreadFault | undefined> {
  try {
    await run(given);
    return undefined;
  } catch (thrown) {
    const { code, message } = Fault.from(thrown);
    // A bug keeps its stack.
    if (code === "bug") throw thrown;
    return { code, message };
  }
}

interface Given {
  readonly settings: ThreadSettings;
  readonly port: MessagePort;
}

async function run({ settings, port }: Given): Promise<void> {
  const clock = systemClock;
  const random = Math.random;
  const { logLevel: level, logFormat: format, instance, index, readAheadBytes } = settings;
  const root = await createLog({ level, format, destination: descriptorDestination(2, settings.terminal), clock });
  const log = root.child({ thread: index });
  const pages = new HeldPages();
  const { graph, rules } = await readConfig(settings, componentTypes(pages.serve));
  if (graph === undefined)
    throw new Fault("config", "the configuration changed while the process ran, and is wrong now");
  const registry = createRegistry();
  const readiness = new Readiness(clock);
  const stop = new AbortController();
  const waiting = { clock, log, readiness, abort: stop.signal };
  const clientId = `rondo/${instance}/worker/${index}`;
  const opening = { settings: graph.broker, data: "", clientId, clock, random, log };
  const broker = await untilThere("Kafka", () => openLog(opening), waiting);
  const { alerts } = graph;
  const windows = alerts && (await openWindows({ ...waiting, ...graph, alerts, rules, data: "", random }));
  try {
    const around = { graph, broker, clock, random, log, registry, readiness };
    const writer = windows && windowsWriter({ ...around, windows, settings: graph.windows });
    const worker = await startWorker({ ...around, readers: writer === undefined ? [] : [writer], readAheadBytes });
    answerCalls(port, {
      report: (): ThreadReport => ({
        rows: worker.ledger.rows(),
        series: registry.copy(),
        unready: readiness.reasons(),
      }),
      part: (wanted: PartWanted) => pages.part(wanted),
      hurry: () => worker.hurry(),
      // Ended by the process, which closes the thread when the time is up.
      finished: () => worker.finished(stop.signal),
      async close() {
        await worker.close();
        stop.abort();
      },
    });
    await fired(stop.signal);
  } finally {
    await windows?.close();
    await broker.close();
    port.close();
  }
}
