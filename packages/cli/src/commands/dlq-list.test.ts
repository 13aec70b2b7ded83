import { existsSync } from "node:fs";
import { expect, test } from "vitest";
import { EXIT } from "../out.ts";
import { dlqListCommand } from "./dlq-list.ts";
import { folderWithLog, LETTERS, letterOf } from "./letters.cases.ts";

test("letters are counted by topic, exporter, reason and tenant, beside a process that has the log", async () => {
  const { flags, around, lines, open, during } = await folderWithLog();
  await during(async (broker) => {
    await broker.append(LETTERS, 0, [letterOf(["a"]), letterOf(["b", "c"]), letterOf(["d"], { tenant: "site-7" })]);
  });
  const running = await open();
  expect(await dlqListCommand(flags, around)).toBe(EXIT.ok);
  expect(lines).toHaveLength(1 + 2 + 1);
  expect(lines[0]).toMatch(/^topic +pipeline +exporter +reason +tenant +letters +items +oldest +newest$/);
  expect(lines[1]).toMatch(
    /^otlp_spans\.enriched\.dlq +traces +otlp_http\/a +backend_rejected +default +2 +3 +2\d\d\d-/,
  );
  expect(lines[2]).toMatch(/ site-7 +1 +1 /);
  expect(lines.at(-1)).toBe("3 dead letters wait, with 4 items");
  lines.length = 0;
  await dlqListCommand({ ...flags, tenant: "nobody" }, around);
  expect(lines).toEqual(["no dead letters wait"]);
  await running.close();
});

test("a log that is not there is not made by asking, and a wrong time is said", async () => {
  const { flags, around, data } = await folderWithLog();
  await expect(dlqListCommand(flags, around)).rejects.toThrow(data);
  expect(existsSync(data)).toBe(false);
  await expect(dlqListCommand({ ...flags, since: "soon" }, around)).rejects.toThrow("--since soon must be a duration");
  expect(await dlqListCommand({ ...flags, set: ["exporters.otlp_http/a.nosuch=1"] }, around)).toBe(EXIT.usage);
});
