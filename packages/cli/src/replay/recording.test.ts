import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { readRecording } from "./recording.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "recording-"));
});
afterEach(() => rm(folder, { recursive: true }));

const good = { t: 1.5, via: "http", signal: "logs", encoding: "", contentType: "application/x-protobuf", body: "CgA=" };
async function read(content: string | Uint8Array, name = "r.ndjson") {
  const path = join(folder, name);
  await writeFile(path, content);
  return readRecording(path);
}

test("the recording of the demo has its 260 requests", async () => {
  const recording = await readRecording(
    new URL("../../../../deploy/demo/recording.ndjson.gz", import.meta.url).pathname,
  );
  const count = (signal: string) => recording.filter((one) => one.signal === signal).length;
  expect([recording.length, count("traces"), count("metrics"), count("logs")]).toEqual([260, 148, 56, 56]);
  const zipped = recording.filter(({ encoding }) => encoding === "gzip");
  expect(zipped).toHaveLength(190);
  expect(zipped.every(({ sent, body }) => sent[0] === 0x1f && body[0] === 0x0a)).toBe(true);
});

test("plain and gzip files read the same; empty lines do not count as requests but as lines", async () => {
  const text = `\n${JSON.stringify(good)}\n\n`;
  const plain = await read(text);
  expect(plain).toEqual([{ ...good, line: 2, body: Buffer.from([10, 0]), sent: Buffer.from([10, 0]) }]);
  expect(await read(gzipSync(text), "r.ndjson.gz")).toEqual(plain);
});

describe("one clear line for what is wrong", () => {
  const second = (over: object) => `${JSON.stringify(good)}\n${JSON.stringify({ ...good, ...over })}\n`;
  const cases: Record<string, [content: string | Uint8Array, message: string, name?: string]> = {
    "not gzip": ["x", "r.gz is not gzip, as its name says", "r.gz"],
    "cut gzip": [gzipSync(JSON.stringify(good)).subarray(0, 40), "is damaged gzip"],
    empty: ["\n", "holds no request"],
    "not JSON": [`${JSON.stringify(good)}\n{"t": 1,\n`, "r.ndjson:2 is not a JSON object"],
    signal: [second({ signal: "trace" }), 'r.ndjson:2 signal "trace"; did you mean traces?'],
    via: [second({ via: "udp" }), 'r.ndjson:2 via "udp"; known: grpc, http'],
    t: [second({ t: "soon" }), 'r.ndjson:2 "t" must be a number of seconds'],
    encoding: [second({ encoding: "br" }), 'r.ndjson:2 encoding "br"'],
    "content type": [second({ contentType: "application/json" }), "only protobuf requests can be replayed"],
    base64: [second({ body: "*" }), 'r.ndjson:2 "body" must be base64'],
    "gzip body": [second({ encoding: "gzip" }), "r.ndjson:2 the body is not gzip"],
  };
  for (const [what, [content, message, name]] of Object.entries(cases)) {
    test(what, () => expect(read(content, name)).rejects.toThrow(message));
  }
  test("missing file", () =>
    expect(readRecording(join(folder, "no"))).rejects.toThrow(/no: there is no such file; give the path/));
  test("folder", () => expect(readRecording(folder)).rejects.toThrow("it is a folder"));
});
