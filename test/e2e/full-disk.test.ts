/** A disk that runs full: clients are told to come back, nothing acknowledged is lost, and it goes on when there is room again. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { expect, type TestContext, test } from "vitest";
import { buildRequest } from "../chaos/load.ts";
import { grpcClient } from "../rig/otlp-client.ts";
import { openRoad, type Road, runOfClients, type Sent, sendRequests } from "./road.ts";
import { logLines, runRondo, spoken } from "./run-rondo.ts";
import { fillUp, type SmallDisk, smallDisk } from "./small-disk.ts";

const UNAVAILABLE = 14;
const REFUSALS = 40;

interface FullRoad {
  readonly disk: SmallDisk;
  readonly road: Road;
  readonly said: Sent;
  readonly ballast: string;
}

/** A road that has delivered some, whose disk then ran full under its clients. */
async function roadOnFullDisk(context: TestContext): Promise<FullRoad> {
  const disk = smallDisk(context);
  const road = await openRoad({ data: join(disk.folder, "data") });
  await road.startSink();
  road.rondo.launch();
  await road.rondo.ready();
  const said = await sendRequests(road.ports, 12);
  expect(said.refusals).toEqual([]);
  const ballast = fillUp(disk, "ballast");
  // What fits into a block that is open already may still be acknowledged.
  await sendRequests(road.ports, 500, said, () => said.refusals.length >= REFUSALS);
  expect(said.refusals).toHaveLength(REFUSALS);
  return { disk, road, said, ballast };
}

test("a full data directory refuses, lives, loses nothing, and recovers", async (context) => {
  const { road, said, ballast } = await roadOnFullDisk(context);
  // A gRPC message comes percent-encoded.
  for (const refusal of said.refusals)
    expect(refusal.replaceAll("%20", " ")).toMatch(/^(?:503|14) .*the log has no room/s);

  const body = buildRequest("logs", runOfClients(), 0, 500, 0);
  const answer = await fetch(`http://127.0.0.1:${road.ports.http}/v1/logs`, {
    method: "POST",
    headers: { "content-type": "application/x-protobuf" },
    body: new Uint8Array(body),
  });
  expect(answer.status).toBe(503);
  expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(0);
  const client = grpcClient({ port: road.ports.grpc, timeoutMs: 5000 });
  expect(await client.send("logs", body)).toMatchObject({ kind: "refused", status: UNAVAILABLE });
  client.close();
  // Said when it begins, by whoever it keeps from writing; not once a request.
  const said503 = logLines(road.rondo.logged()).filter((line) => line.includes("no room is left"));
  expect(said503[0]).toMatch(
    /^error appends fail: \S+journal: no room is left; free some, and writing goes on by itself/,
  );
  expect(said503.length).toBeLessThan(REFUSALS / 4);

  rmSync(ballast);
  const deadline = performance.now() + 15_000;
  for (let refused = -1; refused !== said.refusals.length && performance.now() < deadline; await pause(100)) {
    refused = said.refusals.length;
    await sendRequests(road.ports, 6, said);
  }
  const before = said.refusals.length;
  await sendRequests(road.ports, 12, said);
  expect(said.refusals.slice(before), "it takes requests again").toEqual([]);
  expect(await road.differences(said.acked, { maybe: said.sent })).toEqual([]);
  expect(await road.rondo.stop()).toBe(0);
});

test("killed on a full disk, it says so at its start, and delivers all that it acknowledged once there is room", async (context) => {
  const { road, said, ballast, disk } = await roadOnFullDisk(context);
  await road.rondo.kill();
  // The blocks that the killed process held open are free again.
  fillUp(disk, "more ballast");
  const { code, err } = await runRondo([
    ...["up", "--config", road.rondo.config, "--data", road.rondo.data],
    ...["--metrics-address", "127.0.0.1:0", "--health-address", "127.0.0.1:0"],
  ]);
  expect(spoken(err)).toEqual([
    `rondo up: data directory ${road.rondo.data}: no room is left on its disk; free some, or choose another directory with --data`,
  ]);
  expect(code).toBe(1);
  // Looking needs no room, and finds nothing missing.
  const checked = await runRondo(["data", "check", "--data", road.rondo.data]);
  expect(checked).toMatchObject({ code: 0, out: expect.stringContaining("everything that was acknowledged is there") });

  rmSync(ballast);
  road.rondo.launch();
  await road.rondo.ready();
  await sendRequests(road.ports, 12, said);
  expect(await road.differences(said.acked, { maybe: said.sent, repeats: "allowed" })).toEqual([]);
  expect(await road.rondo.stop()).toBe(0);
});
