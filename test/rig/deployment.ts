/** Rondo spread out: gateways, workers and alert workers as processes of their own, each with its ports, folder and name. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { freePorts } from "./free-port.ts";
import type { Sample } from "./metrics-page.ts";
import { choosePorts, type Ports, prepareRondo, type RondoProcess } from "./rondo-process.ts";

/** What a process of a deployment listens on; a role uses some of it. */
export interface RolePorts extends Ports {
  /** Of the rules API. */
  readonly rules: number;
}

/** How many of what, and with which configuration. */
export interface DeploymentOptions {
  /** A folder for the processes' own: configuration, log, data. */
  readonly folder: string;
  readonly gateways: number;
  readonly workers: number;
  readonly threads?: number;
  readonly alertWorkers?: number;
  /** The configuration of one process: equal but for the ports. */
  readonly yaml: (ports: RolePorts) => string;
  readonly env?: (ports: RolePorts) => Readonly<Record<string, string>>;
}

/** One process, and where its rules API is. */
export interface RoleProcess extends RondoProcess {
  readonly role: "gateway" | "worker" | "alerts";
  readonly ports: RolePorts;
}

/** Everything of Rondo that runs over one Kafka and one Redis. */
export interface Deployment {
  readonly gateways: readonly RoleProcess[];
  readonly workers: readonly RoleProcess[];
  readonly alertWorkers: readonly RoleProcess[];
  readonly all: readonly RoleProcess[];
  /** Starts everything at once; resolves when every process says that it is ready. */
  start(): Promise<void>;
  /** The metrics of every process that runs, in one list: what is counted is to be added up. */
  metrics(): Promise<readonly Sample[]>;
  /** SIGTERM to everything that runs; the exit codes, by the order of `all`. */
  stop(): Promise<readonly number[]>;
  /** kill -9 to everything that runs. */
  kill(): Promise<void>;
  /** The ends of all logs, for a failed test. */
  logTails(): string;
}

/** Prepares a deployment; nothing runs yet. */
export async function prepareDeployment(options: DeploymentOptions): Promise<Deployment> {
  const { threads = 1, alertWorkers = 0 } = options;
  const several = async (role: RoleProcess["role"], count: number, flags: readonly string[] = []) => {
    const made: RoleProcess[] = [];
    for (let index = 0; index < count; index++) made.push(await prepareRole(options, role, index, flags));
    return made;
  };
  const gateways = await several("gateway", options.gateways);
  const workers = await several("worker", options.workers, ["--threads", String(threads)]);
  const alerting = await several("alerts", alertWorkers);
  const all = [...gateways, ...workers, ...alerting];
  return {
    gateways,
    workers,
    alertWorkers: alerting,
    all,
    async start() {
      for (const one of all) one.launch();
      await Promise.all(all.map((one) => one.ready()));
    },
    async metrics() {
      const pages = await Promise.all(all.map((one) => one.metrics().catch(() => [])));
      return pages.flat();
    },
    async stop() {
      return await Promise.all(all.map((one) => one.stop().catch(() => -1)));
    },
    async kill() {
      await Promise.all(all.map((one) => one.kill().catch(() => undefined)));
    },
    logTails: () => all.map((one) => `--- ${one.data}\n${one.logTail()}`).join("\n"),
  };
}

async function prepareRole(
  { folder, yaml, env }: DeploymentOptions,
  role: RoleProcess["role"],
  index: number,
  flags: readonly string[],
): Promise<RoleProcess> {
  const name = `${role}-${index + 1}`;
  const own = join(folder, name);
  mkdirSync(own, { recursive: true });
  const [rules = 0] = await freePorts(1);
  const ports = { ...(await choosePorts()), rules };
  const process = prepareRondo(own, ports, yaml(ports), {
    command: role,
    flags: ["--instance", name, ...flags],
    ...(env && { env: env(ports) }),
  });
  return Object.assign(process, { role, ports });
}
