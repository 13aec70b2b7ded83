import { expect, test } from "vitest";
import { EXIT } from "../out.ts";
import { dlqDropCommand } from "./dlq-drop.ts";
import { dlqListCommand } from "./dlq-list.ts";
import { dlqReplayCommand } from "./dlq-replay.ts";
import { folderWithLog, LETTERS, letterOf } from "./letters.cases.ts";

test("letters that are dropped are counted by exporter and reason, and never sent", async () => {
  const { flags, around, lines, during } = await folderWithLog();
  const other = letterOf(["c"], { tenant: "b" });
  await during((broker) => broker.append(LETTERS, 0, [letterOf(["a"]), other, letterOf(["d", "e"])]));
  expect(await dlqDropCommand({ ...flags, tenant: "default" }, around)).toBe(EXIT.ok);
  expect(await dlqDropCommand({ ...flags, tenant: "default" }, around)).toBe(EXIT.ok);
  await dlqListCommand({ ...flags, tenant: "default" }, around);
  expect(lines).toEqual([
    "2 letters with 3 items were dropped",
    "0 letters with 0 items were dropped",
    "no dead letters wait",
    "3 dropped (otlp_http/a/backend_rejected 3)",
  ]);
  expect(await dlqDropCommand({ ...flags, all: true }, around)).toBe(EXIT.ok);
  expect(lines.at(-1)).toBe("1 letters with 1 items were dropped");
  // Nobody listens there: a letter that was sent would be waited for.
  expect(await dlqReplayCommand(flags, around)).toBe(EXIT.ok);
});

test("without a word of which, nothing is dropped", async () => {
  const { flags, around, errors } = await folderWithLog();
  expect(await dlqDropCommand(flags, around)).toBe(EXIT.usage);
  expect(errors).toEqual([expect.stringContaining("say which letters")]);
});
