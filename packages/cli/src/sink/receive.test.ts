import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FakeClock, settled } from "@rondo/testkit";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Behaviour, BehaviourSwitch } from "./behaviour.ts";
import { Holdings } from "./holdings.ts";
import { Ledger, readLedger } from "./ledger.ts";
import { type Answer, receiver } from "./receive.ts";
import { logs } from "./sink.cases.ts";

let folder: string;
let clock: FakeClock;
let holdings: Holdings;
let behaviour: BehaviourSwitch;
let problems: string[];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "receive-"));
  [clock, holdings, problems] = [new FakeClock(), new Holdings(), []];
  behaviour = new BehaviourSwitch(clock, async () => {});
});
afterEach(() => rm(folder, { recursive: true }));

const receive = (ledger?: Ledger, body: Uint8Array = logs(1, 2)) =>
  receiver({
    ...{ listener: "a", behaviour, holdings, ledger, clock, identity: {} },
    ...{ abort: new AbortController().signal, problem: (line: string) => void problems.push(line) },
  })({ via: "grpc", signal: "logs", encoding: "protobuf", body: Buffer.from(body) });

test("each behaviour answers and keeps as it says", async () => {
  const cases: [Behaviour, Answer["kind"], kept: number][] = [
    [{ mode: "ok" }, "accepted", 2],
    [{ mode: "status", status: 500 }, "refused", 0],
    [{ mode: "hang" }, "silent", 0],
    [{ mode: "lose" }, "cut", 2],
    [{ mode: "refuse" }, "cut", 0],
  ];
  for (const [how, kind, kept] of cases) {
    holdings.reset();
    await behaviour.set(how);
    expect((await receive()).kind).toBe(kind);
    expect(holdings.count("logs").items).toBe(kept);
  }
});

test("slow answers when its time has come", async () => {
  await behaviour.set({ mode: "slow", ms: 500 });
  let answer: Answer | undefined;
  receive().then((one) => {
    answer = one;
  });
  await clock.advance(499);
  expect([answer, holdings.count("logs").items]).toEqual([undefined, 2]);
  await clock.advance(1);
  await settled();
  expect(answer).toEqual({ kind: "accepted" });
});

test("the line is in the ledger before the answer is given", async () => {
  const path = join(folder, "ledger");
  const ledger = await Ledger.open(path);
  expect(await receive(ledger)).toEqual({ kind: "accepted" });
  const [line] = await readLedger(path);
  expect(line).toMatchObject({ at: clock.now(), listener: "a", via: "grpc", signal: "logs" });
  expect(line?.ids).toEqual(holdings.held("logs").map(({ id }) => id));
  await ledger.close();
});

test("what the ledger cannot take is neither kept nor acknowledged", async () => {
  const ledger = await Ledger.open(join(folder, "ledger"));
  await ledger.close();
  expect(await receive(ledger)).toMatchObject({ kind: "refused", status: 503 });
  expect(holdings.count("logs").items).toBe(0);
  expect(problems).toEqual([expect.stringContaining("cannot append to the ledger")]);
});

test("bytes that are no request are refused for good and reported with their listener", async () => {
  expect(await receive(undefined, Buffer.from("garbage"))).toMatchObject({ kind: "refused", status: 400 });
  expect(problems).toEqual([expect.stringMatching(/^a: not a logs request in protobuf over grpc: ./)]);
});
