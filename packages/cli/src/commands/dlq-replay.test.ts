import { idsIn } from "@rondo/testkit";
import { stubHttp } from "@rondo/testkit/exporter-contract";
import { expect, onTestFinished, test } from "vitest";
import { EXIT } from "../out.ts";
import { dlqListCommand } from "./dlq-list.ts";
import { dlqReplayCommand, printReplay } from "./dlq-replay.ts";
import { folderWithLog, LETTERS, letterOf } from "./letters.cases.ts";

test("letters go to the exporter's backend once, and are then said to be done", async () => {
  const stub = await stubHttp();
  onTestFinished(() => stub.stop());
  const { flags, around, lines, during } = await folderWithLog(stub.port);
  await during((broker) => broker.append(LETTERS, 0, [letterOf(["id-1;"]), letterOf(["id-2;", "id-3;"])]));
  expect(await dlqReplayCommand(flags, around)).toBe(EXIT.ok);
  expect(stub.received.flatMap(({ body }) => idsIn(body))).toEqual([1, 2, 3]);
  expect(await dlqReplayCommand(flags, around)).toBe(EXIT.ok);
  expect(stub.received).toHaveLength(2);
  await dlqListCommand(flags, around);
  expect(lines).toEqual([
    "2 letters were sent: 3 items delivered, 0 still refused",
    "0 letters were sent: 0 items delivered, 0 still refused",
    "no dead letters wait",
    "3 items were replayed",
  ]);
});

test("what is refused again is the exit code 1, and waits on", async () => {
  const stub = await stubHttp();
  onTestFinished(() => stub.stop());
  stub.behave({ kind: "refuse", message: "no" });
  const { flags, around, lines, during } = await folderWithLog(stub.port);
  await during((broker) => broker.append(LETTERS, 0, [letterOf(["id-1;"])]));
  expect(await dlqReplayCommand(flags, around)).toBe(EXIT.failed);
  await dlqListCommand(flags, around);
  expect(lines[0]).toBe("1 letters were sent: 0 items delivered, 1 still refused");
  expect(lines.at(-1)).toBe("1 dead letters wait, with 1 items");
});

test("a log that a process has open is not marked: it is said what to do", async () => {
  const { flags, around, during, open } = await folderWithLog();
  await during(async () => {});
  const running = await open();
  await expect(dlqReplayCommand(flags, around)).rejects.toThrow(/in use by pid \d+.*stop rondo, run this again/);
  await running.close();
});

test("what could not be sent, and an interruption, are said", () => {
  const errors: string[] = [];
  const out = { line() {}, error: (text: string) => void errors.push(text) };
  const unsendable = new Map([
    ["pipeline traces", 2],
    ["exporter gone of pipeline traces", 1],
  ]);
  const result = { letters: 0, delivered: 0, refused: 0, dropped: 0, unsendable, complete: false };
  expect(printReplay(result, out)).toBe(EXIT.failed);
  expect(errors).toEqual([
    expect.stringMatching(/^2 letters of pipeline traces cannot be sent: no exporter refused them/),
    expect.stringMatching(
      /^1 letters of exporter gone of pipeline traces cannot be sent: the configuration does not have it/,
    ),
    "interrupted: letters that were not sent wait on",
  ]);
});
