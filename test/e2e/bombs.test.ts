/**
 * Bodies that are small and become large, in every compression, many at a time: each is answered, and the memory of the process never
 * exceeds the memory limiter's limit by more than a fifth.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Signal } from "@rondo/otlp";
import { expect, onTestFinished, test } from "vitest";
import { buildRequest } from "../chaos/load.ts";
import { grpcFuzzClient } from "../fuzz/grpc-target.ts";
import { type FuzzClient, httpFuzzClient } from "../fuzz/http-target.ts";
import type { FuzzRequest } from "../fuzz/mutated-request.ts";
import { bomb, COMPRESSIONS, COMPRESSORS } from "../rig/compressed-bodies.ts";
import { startWatchedRondo } from "../rig/watched-rondo.ts";

const MIB = 1 << 20;

/** Connections that send at a time, and what each sends of every kind. */
const AT_ONCE = 48;
const ROUNDS = process.env["RONDO_LONG"] === undefined ? 1 : 12;

/** What is not said is logs in protobuf. */
type Request = Pick<FuzzRequest, "compression" | "body"> & Partial<FuzzRequest>;

/** Every kind of bomb: just below the limit of a body, so that all of it is kept until it is known to be bad, and far above it. */
const BOMBS = COMPRESSIONS.flatMap((compression) =>
  [20 * MIB - 1, 96 * MIB].map((bytes) => ({ compression, body: bomb(compression, bytes) })),
);

/** JSON of 20 MiB: as slow to read as can be, wrong at its end, one value in base64, and four times as large in protobuf. */
function hostileTexts(): readonly Request[] {
  const logs = (fields: string) => `{"resourceLogs":[{"scopeLogs":[{"logRecords":[{${fields}}]}]}]}`;
  const metrics = (data: string) => `{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{${data}}]}]}]}`;
  const slow = logs(`${'"\\u0061":1,'.repeat(1_900_000)}"a":1`);
  const counts = `${"1,".repeat(10_000_000)}1`;
  const request = (signal: Signal, text: string): Request => {
    return { signal, encoding: "json", compression: "gzip", body: COMPRESSORS.gzip(Buffer.from(text)) };
  };
  return [
    request("logs", slow),
    request("logs", `${slow}}`),
    request("logs", logs(`"body":{"bytesValue":"${"AAAA".repeat(5_200_000)}"}`)),
    request("metrics", metrics(`"histogram":{"dataPoints":[{"bucketCounts":[${counts}]}]}`)),
  ];
}

/** A valid request of a thousand items, which is taken afterwards. */
const large = buildRequest("logs", 1, 0, 1_000, 1);

const answersOf = async (client: FuzzClient, requests: readonly Request[]) => {
  const answers: string[] = [];
  const waiting = Array.from({ length: AT_ONCE * ROUNDS }, (_, index) => requests[index % requests.length]);
  const lane = async () => {
    for (let one = waiting.pop(); one !== undefined; one = waiting.pop()) {
      const answered = await client.send({ signal: "logs", encoding: "protobuf", ...one });
      answers.push(answered.problem ?? String(answered.status));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
  return new Set(answers);
};

test("JSON that is slow, wrong or grows, under limit_mib 256", async () => {
  const texts = hostileTexts();
  const folder = mkdtempSync(join(tmpdir(), "rondo-texts-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  await using rondo = await startWatchedRondo(folder, 256);
  const http = httpFuzzClient(() => connect({ port: rondo.ports.http, host: "127.0.0.1", noDelay: true }));
  onTestFinished(() => http.close());
  let answers = new Set<string>();
  const peak = await rondo.peakDuring(async () => {
    answers = await answersOf(http, texts);
  });
  for (const answer of answers) expect(["200", "400", "413", "503"]).toContain(answer);
  expect(peak / MIB).toBeLessThan(256 * 1.2);
  await rondo.check();
}, 120_000);

test.each([256, 1_000])(
  "under limit_mib %d",
  async (limitMib) => {
    const folder = mkdtempSync(join(tmpdir(), "rondo-bombs-"));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    await using rondo = await startWatchedRondo(folder, limitMib);
    const open = (port: number) => () => connect({ port, host: "127.0.0.1", noDelay: true });
    const http = httpFuzzClient(open(rondo.ports.http));
    const grpc = grpcFuzzClient(open(rondo.ports.grpc));
    onTestFinished(() => {
      http.close();
      grpc.close();
    });

    const answers = { http: new Set<string>(), grpc: new Set<string>() };
    const peak = await rondo.peakDuring(async () => {
      const [overHttp, overGrpc] = await Promise.all([answersOf(http, BOMBS), answersOf(grpc, BOMBS)]);
      answers.http = overHttp;
      answers.grpc = overGrpc;
    });
    // Below the limit it is no protobuf, above it is too large; while memory is short, later may do. gRPC knows fewer compressions.
    for (const answer of answers.http) expect(["400", "413", "503"]).toContain(answer);
    for (const answer of answers.grpc) expect(["3", "8", "12", "14"]).toContain(answer);
    expect([...answers.http]).toContain("413");
    expect(peak / MIB).toBeLessThan(limitMib * 1.2);

    const good = { signal: "logs", encoding: "protobuf", compression: "gzip", body: COMPRESSORS.gzip(large) } as const;
    expect(await http.send(good)).toMatchObject({ status: 200, whole: true });
    expect(await grpc.send(good)).toMatchObject({ status: 0, whole: true });
    await rondo.check();
  },
  120_000,
);
