/** `rondo replay` beside a running `rondo up`: what came in goes to a backend once more, also over a kill of the replay. */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { GRPC_EXPORTER, HTTP_EXPORTER, openRoad, type Road, sendRequests } from "./road.ts";
import { COMMAND, runRondo } from "./run-rondo.ts";

const PIPELINE = "traces";

function flags({ rondo }: Road, exporter: string, ...more: readonly string[]): readonly string[] {
  const which = ["--pipeline", PIPELINE, "--exporter", exporter, "--config", rondo.config, "--data", rondo.data];
  return ["replay", ...which, ...more];
}

/** How often every item came: its number of items by count. */
async function counts(road: Road, exporter: string): Promise<Readonly<Record<number, number>>> {
  const found: Record<number, number> = {};
  for (const { count } of await road.held(exporter, "traces")) found[count] = (found[count] ?? 0) + 1;
  return found;
}

async function sent(road: Road, requests: number): Promise<number> {
  const { acked, refusals } = await sendRequests(road.ports, requests);
  expect(refusals).toEqual([]);
  expect(await road.differences(acked)).toEqual([]);
  return acked.held("traces").length;
}

test("everything goes to the one exporter once more, and to the account of none", async () => {
  const road = await openRoad();
  await road.startSink();
  road.rondo.launch();
  await road.rondo.ready();
  const items = await sent(road, 60);
  const before = await runRondo(["ledger", "--config", road.rondo.config, "--data", road.rondo.data]);
  const dry = await runRondo(flags(road, HTTP_EXPORTER, "--from", "-1h", "--dry-run"));
  expect(dry.out).toContain(` ${items} items, `);
  const { code, out, err } = await runRondo(flags(road, HTTP_EXPORTER, "--from", "-1h", "--run", "r1"));
  expect([code, err]).toEqual([0, ""]);
  expect(out).toMatch(
    new RegExp(`^${HTTP_EXPORTER}: \\d+ records, ${items} items: ${items} delivered, 0 refused$`, "m"),
  );
  expect(await counts(road, HTTP_EXPORTER)).toEqual({ 2: items });
  expect(await counts(road, GRPC_EXPORTER)).toEqual({ 1: items });
  const after = await runRondo(["ledger", "--config", road.rondo.config, "--data", road.rondo.data]);
  expect([after.code, after.out]).toEqual([before.code, before.out]);
  expect(after.out).not.toContain("replay");
  const none = await runRondo(flags(road, HTTP_EXPORTER, "--from", "-3h", "--to", "-2h"));
  expect([none.code, none.out]).toEqual([0, expect.stringContaining("0 records, 0 items: 0 delivered")]);
});

test("one that is killed goes on: what it had settled is not sent a third time", async () => {
  const road = await openRoad();
  await road.startSink();
  road.rondo.launch();
  await road.rondo.ready();
  const items = await sent(road, 300);
  await road.rondo.stop();
  const state = join(road.rondo.data, "replay", "r2.json");
  const slow = await openSlow(road);
  const child = spawn(COMMAND, flags(road, slow.exporter, "--from", "-1h", "--run", "r2", ...slow.flags));
  await expect.poll(slow.taken, { timeout: 20_000 }).toBeGreaterThan(0);
  child.kill("SIGKILL");
  await new Promise((resolve) => child.once("close", resolve));
  expect(existsSync(state)).toBe(true);
  const { code, out } = await runRondo(flags(road, slow.exporter, "--run", "r2", ...slow.flags), { timeoutMs: 60_000 });
  expect(code).toBe(0);
  expect(out).toContain(`${items} items: ${items} delivered`);
  expect(await slow.distinct()).toBe(items);
  expect(existsSync(state)).toBe(false);
});

/** The road's HTTP backend, which takes its time: small requests, one after another. */
async function openSlow(road: Road) {
  const before = await counts(road, HTTP_EXPORTER);
  const taken = async () => (await counts(road, HTTP_EXPORTER))[2] ?? 0;
  const distinct = async () => {
    const now = await counts(road, HTTP_EXPORTER);
    return Object.entries(now).reduce((sum, [count, items]) => sum + (Number(count) >= 2 ? items : 0), 0);
  };
  expect(Object.keys(before)).toEqual(["1"]);
  // A request of its own for every record.
  return {
    exporter: HTTP_EXPORTER,
    flags: ["--set", "processors.batch.send_batch_max_size=12", "--set", "processors.batch.send_batch_size=1"],
    taken,
    distinct,
  };
}
