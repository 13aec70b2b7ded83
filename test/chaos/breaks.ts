/** Breaks what a plan says, and makes it whole again. */
import { setTimeout as pause } from "node:timers/promises";
import type { RoleProcess } from "../rig/deployment.ts";
import type { Broken } from "./fault.ts";
import type { Site } from "./kafka-site.ts";
import type { Plan, Victim } from "./plan.ts";

/** Does it, and resolves when everything is there again. */
export async function breakSite(site: Site, { break: how, again, flush }: Plan): Promise<Broken> {
  if (flush) await site.redis.command("FLUSHALL");
  const at = performance.now();
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

function processOf({ rondo }: Site, victim: Victim, index: number): RoleProcess {
  const found = { gateway: rondo.gateways, worker: rondo.workers, alerts: rondo.alertWorkers }[victim][index];
  if (found === undefined) throw new Error(`there is no ${victim} ${index}`);
  return found;
}
