/** The worker role with what a configuration runs beside its pipelines. Every thread of a worker is one of these. */
import { startWorker, type Worker, type WorkerOptions } from "@rondo/worker";

/** Joins every group of the configuration. Throws as `startWorker` does. */
export async function startWorkerRole(options: WorkerOptions): Promise<Worker> {
  return await startWorker(options);
}
