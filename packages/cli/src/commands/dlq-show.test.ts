import { deadLetterTopic, letterRecord, RAW_TOPICS } from "@rondo/broker";
import { requestFromJson } from "@rondo/otlp/json";
import { idsIn } from "@rondo/testkit";
import { expect, test } from "vitest";
import { EXIT } from "../out.ts";
import { dlqShowCommand } from "./dlq-show.ts";
import { folderWithLog, LETTERS, letterOf } from "./letters.cases.ts";

const BOUNDS = { limit: 10, maxBytes: 65_536 };

test("a letter is a line of what is known of it and a line of OTLP/JSON, without what may be a credential", async () => {
  const { flags, around, lines, during } = await folderWithLog();
  const meta = { authorization: ["Bearer s3cret"] };
  await during((broker) => broker.append(LETTERS, 0, [letterOf(["id-4;"], { first: 3, meta, tenant: "a\u001b[2J" })]));
  expect(await dlqShowCommand({ ...flags, ...BOUNDS }, around)).toBe(EXIT.ok);
  const [comment = "", json = ""] = lines;
  expect(JSON.parse(comment.slice(2))).toMatchObject({
    ...{ letter: `${LETTERS}/0/0`, exporter: "otlp_http/a", reason: "backend_rejected", detail: "HTTP 400: no" },
    ...{ origin: "0:7:0/1", first: 3, items: 1, at: "2026-01-01T00:00:00.000Z", metadata_keys: ["authorization"] },
  });
  for (const hidden of ["s3cret", "\u001b"]) expect(lines.join("\n")).not.toContain(hidden);
  expect(idsIn(requestFromJson("traces", Buffer.from(json)))).toEqual([4]);
});

test("a raw record that could not be read is shown as it begins, and headers of its own that say nothing of a client", async () => {
  const { flags, around, lines, during } = await folderWithLog();
  const raw = { v: "9", meta: '{"authorization":["s3cret"]}' };
  const about = {
    pipeline: "traces",
    reason: "unreadable_record",
    origin: "0:1:0/1",
    first: 0,
    tenant: "t",
    items: 1,
    at: 0,
  };
  const letter = letterRecord({ ...about, raw }, Buffer.from("0a7f12", "hex"));
  await during((broker) => broker.append(deadLetterTopic(RAW_TOPICS.traces), 0, [letter]));
  await dlqShowCommand({ ...flags, ...BOUNDS }, around);
  expect(JSON.parse(lines[0]?.slice(2) ?? "")).toMatchObject({ reason: "unreadable_record", raw: { v: "9" } });
  expect(lines[1]).toMatch(/^# no OTLP: ".*"; it begins with 0a7f12$/);
  expect(lines.join("\n")).not.toContain("s3cret");
});

test("what is too large or too much is left out and said", async () => {
  const { flags, around, lines, errors, during } = await folderWithLog();
  await during((broker) => broker.append(LETTERS, 0, [letterOf(["x".repeat(200)]), letterOf(["b"]), letterOf(["c"])]));
  await dlqShowCommand({ ...flags, limit: 2, maxBytes: 200 }, around);
  expect(lines[1]).toMatch(/^# left out: \d+ bytes; --max-bytes shows more$/);
  expect(lines).toHaveLength(4);
  expect(errors).toEqual(["there are more: --limit 2 letters were shown"]);
  lines.length = 0;
  await dlqShowCommand({ ...flags, ...BOUNDS, letter: `${LETTERS}/0/2` }, around);
  expect(lines[0]).toContain(`"letter":"${LETTERS}/0/2"`);
  expect(lines).toHaveLength(2);
  await dlqShowCommand({ ...flags, ...BOUNDS, tenant: "nobody" }, around);
  expect(errors.at(-1)).toBe("no dead letters wait that are meant by this");
});
