/** Breaks what a plan says, and makes it whole again. */
import { setTimeout as pause } from "node:timers/promises";
import type { RoleProcess } from "../rig/deployment.ts";
import type { Site } from "./kafka-site.ts";
import type { Break, Plan, Victim } from "./plan.ts";

/** What a break did, and when. */
export interface Broken {
  /** Of the monotonic clock, milliseconds: when it happened, and when its direct effects were over. */
  readonly at: number;
  readonly until: number;
  /** From the start of a killed process to its readiness, milliseconds; undefined where nothing was started. */
  readonly readyMs: number | undefined;
}

/** Does it, and resolves when everything is there again. */
export async function breakSite(site: Site, { break: how, again, flush }: Plan): Promise<Broken> {
  if (flush) await site.redis.command("FLUSHALL");
  const at = performance.now();
  if (how.kind === "broker") return { at, until: await withoutNode(site, how), readyMs: undefined };
  if (how.kind === "freeze") {
    const { pid } = processOf(site, "worker", how.index);
    process.kill(pid, "SIGSTOP");
    await pause(how.forMs);
    process.kill(pid, "SIGCONT");
    return { at, until: performance.now(), readyMs: undefined };
  }
  const victim = processOf(site, how.victim, how.index);
  await victim.kill();
  if (how.kind === "absence") await pause(how.forMs);
  const started = performance.now();
  victim.launch();
  if (again !== undefined) {
    await pause(again.afterMs);
    const second = processOf(site, again.victim, again.index);
    await second.kill();
    second.launch();
  }
  await victim.ready();
  const ready = performance.now();
  return { at, until: how.kind === "absence" ? started : ready, readyMs: ready - started };
}

/** The time at which the node is started again. */
async function withoutNode({ kafka }: Site, { index, forMs }: Extract<Break, { kind: "broker" }>): Promise<number> {
  const node = kafka.nodes[index];
  await node?.kill();
  await pause(forMs);
  const until = performance.now();
  await node?.start();
  await kafka.inSync();
  return until;
}

function processOf({ rondo }: Site, victim: Victim, index: number): RoleProcess {
  const found = { gateway: rondo.gateways, worker: rondo.workers, alerts: rondo.alertWorkers }[victim][index];
  if (found === undefined) throw new Error(`there is no ${victim} ${index}`);
  return found;
}
