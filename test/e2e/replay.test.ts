/** `rondo replay-recording`: whatever its pace and its times, every id of the recording arrives at every exporter, once. */
import { expectedIdentities, readRecording, timeShift } from "@rondo/cli";
import { expect, test } from "vitest";
import { INSERTED, openRoad, type Road } from "./road.ts";
import { type Ended, RECORDING, runRondo } from "./run-rondo.ts";

const DAY_MS = 86_400_000;
const recording = await readRecording(RECORDING);

const ALL_ACKNOWLEDGED = [
  "271 spans: 271 acknowledged",
  "151 data points: 151 acknowledged",
  "63 log records: 63 acknowledged",
  "",
].join("\n");

async function startedRoad(): Promise<Road> {
  const road = await openRoad();
  await road.startSink();
  road.rondo.launch();
  await road.rondo.ready();
  return road;
}

function replay({ ports }: Road, ...flags: readonly string[]): Promise<Ended> {
  const to = ["--http", `http://127.0.0.1:${ports.http}`, "--grpc", `127.0.0.1:${ports.grpc}`];
  return runRondo(["replay-recording", RECORDING, ...to, ...flags]);
}

test.each([
  ["with the clock 60 days ahead", 60 * DAY_MS, 0],
  ["at thirty times its pace", 0, 30],
])("%s", async (_name, ahead, speed) => {
  const road = await startedRoad();
  const startMs = Date.now() + ahead;
  const pace = ["--speed", speed === 0 ? "max" : String(speed)];
  const { code, out, err } = await replay(road, "--start", new Date(startMs).toISOString(), ...pace);
  expect([out, err, code]).toEqual([ALL_ACKNOWLEDGED, "", 0]);
  const expected = expectedIdentities(recording, timeShift(recording, speed, startMs), { ignore: [INSERTED] });
  expect(await road.differences(expected)).toEqual([]);
});

test("with times as recorded, twice: every id arrives twice", async () => {
  const road = await startedRoad();
  for (let times = 0; times < 2; times++) {
    const { code, out, err } = await replay(road, "--times", "keep", "--speed", "max");
    expect([out, err, code]).toEqual([ALL_ACKNOWLEDGED, "", 0]);
  }
  const twice = expectedIdentities([...recording, ...recording], undefined, { ignore: [INSERTED] });
  expect(twice.count("traces")).toMatchObject({ items: 542, ids: 271 });
  expect(await road.differences(twice)).toEqual([]);
});

test("where nobody listens, one line at once", async () => {
  const { code, out, err } = await runRondo(["replay-recording", RECORDING, "--grpc", "127.0.0.1:9"]);
  expect(err).toBe(
    "rondo replay-recording: --grpc 127.0.0.1:9: nothing listens there; start `rondo up`, or name where it listens\n",
  );
  expect([out, code]).toEqual(["", 1]);
});
