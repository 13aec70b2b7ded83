/**
 * A backend that refuses one span of a thousand, from clients to the command line: the others arrive, the one is set aside and sent
 * again when the backend takes it, through kill -9 in between, and the account balances all the while.
 */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { countItems } from "@rondo/otlp";
import { idsIn, namedSpans } from "@rondo/testkit";
import { type StubBackend, stubHttp } from "@rondo/testkit/exporter-contract";
import { expect, onTestFinished, test } from "vitest";
import { sumOf } from "../rig/metrics-page.ts";
import { httpClient } from "../rig/otlp-client.ts";
import { choosePorts, type Ports, prepareRondo } from "../rig/rondo-process.ts";
import { testFolder } from "./road.ts";
import { runRondo } from "./run-rondo.ts";

const PICKY = "otlp_http/picky";
const EASY = "otlp_http/easy";

const yaml = (ports: Ports, picky: number, easy: number) => `receivers:
  otlp: {protocols: {http: {endpoint: "127.0.0.1:${ports.http}"}}}
processors:
  batch: {send_batch_size: 1000, timeout: 200ms}
exporters:
  ${PICKY}: {endpoint: "http://127.0.0.1:${picky}", compression: none, retry_on_failure: {initial_interval: 50ms}}
  ${EASY}: {endpoint: "http://127.0.0.1:${easy}", compression: none, retry_on_failure: {initial_interval: 50ms}}
service:
  pipelines: {traces: {receivers: [otlp], processors: [batch], exporters: [${PICKY}, ${EASY}]}}
`;

/** A backend that answers 400 to every request with one of these spans in it, and keeps what it took. */
async function pickyBackend(refuses: Set<number>) {
  const took: number[] = [];
  let requests = 0;
  const server: Server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const ids = idsIn(Buffer.concat(chunks));
    requests++;
    if (ids.some((id) => refuses.has(id))) {
      response.writeHead(400, { "content-type": "text/plain" }).end("span is too odd");
      return;
    }
    took.push(...ids);
    response.writeHead(200, { "content-type": "application/x-protobuf" }).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  // Listening on an address makes it one.
  const { port } = server.address() as AddressInfo;
  return { took, port, requests: () => requests };
}

const ascending = (ids: readonly number[]) => ids.toSorted((a, b) => a - b);
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => from + index);

const spans = (ids: readonly number[]) => Buffer.from(namedSpans(ids.map((id) => `id-${id};`)));

const itemsAt = ({ received }: StubBackend) => received.reduce((sum, { body }) => sum + countItems("traces", body), 0);

/** A running `rondo up` between a client and two backends, of which one refuses what holds any of these ids. */
async function startRoad(refuses: Set<number>) {
  const picky = await pickyBackend(refuses);
  const easy = await stubHttp();
  const ports = await choosePorts();
  const rondo = prepareRondo(testFolder(), ports, yaml(ports, picky.port, easy.port));
  onTestFinished(async () => {
    await rondo.kill().catch(() => undefined);
    await easy.stop();
  });
  rondo.launch();
  await rondo.ready();
  return { picky, easy, rondo, client: httpClient({ port: ports.http, timeoutMs: 10_000, gzip: false }) };
}

test("one span of a thousand is refused: 999 arrive, one is set aside, shown, and sent again when it is taken", async () => {
  const refuses = new Set([777]);
  const { picky, easy, rondo, client } = await startRoad(refuses);
  const send = (ids: readonly number[]) => client.send("traces", spans(ids));
  // Ten requests, joined by the exporter into whatever it makes of them.
  const answers = await Promise.all(range(0, 10).map((n) => send(range(100 * n, 100 * n + 100))));
  expect(answers).toEqual(answers.map(() => ({ kind: "accepted" })));
  const others = range(0, 1000).filter((id) => id !== 777);
  await expect.poll(() => ascending(picky.took), { timeout: 20_000 }).toEqual(others);
  await expect.poll(() => ascending(easy.received.flatMap(({ body }) => idsIn(body)))).toEqual(range(0, 1000));
  expect(picky.requests()).toBeLessThanOrEqual(10 + 1 + 2 * 10);

  const lettered = async () => sumOf(await rondo.metrics(), "rondo_items_dead_lettered_total", { component: PICKY });
  await expect.poll(lettered).toBe(1);
  const dlq = (command: string, ...flags: readonly string[]) =>
    runRondo(["dlq", command, "--config", rondo.config, "--data", rondo.data, ...flags]);
  // Beside the running process.
  const listed = await dlq("list");
  expect([listed.code, listed.err]).toEqual([0, ""]);
  expect(listed.out).toMatch(/^otlp_spans\.enriched\.dlq +traces +otlp_http\/picky +backend_rejected +default +1 +1 /m);
  const [comment = "", json = ""] = (await dlq("show")).out.split("\n");
  expect(JSON.parse(comment.slice(2))).toMatchObject({ exporter: PICKY, detail: expect.stringContaining("too odd") });
  expect(json).toContain("id-777;");
  const busy = await dlq("replay");
  expect([busy.code, busy.err]).toEqual([1, expect.stringMatching(/in use by pid \d+.*stop rondo/)]);

  // The letter and the account are durable: what a kill leaves behind goes on.
  await rondo.kill();
  rondo.launch();
  await rondo.ready();
  await send(range(1000, 1010));
  await expect.poll(() => picky.took.includes(1009), { timeout: 20_000 }).toBe(true);
  client.close();
  expect(await rondo.stop()).toBe(0);
  const account = await runRondo(["ledger", "--config", rondo.config, "--data", rondo.data]);
  expect([account.code, account.out]).toEqual([0, expect.stringContaining("the account balances")]);

  const refused = await dlq("replay");
  expect([refused.code, refused.out]).toEqual([1, "1 letters were sent: 0 items delivered, 1 still refused\n"]);
  refuses.clear();
  const sentToEasy = itemsAt(easy);
  const replayed = await dlq("replay", "--exporter", PICKY);
  expect([replayed.code, replayed.out]).toEqual([0, "1 letters were sent: 1 items delivered, 0 still refused\n"]);
  expect(picky.took.filter((id) => id === 777)).toHaveLength(1);
  expect((await dlq("replay")).out).toBe("0 letters were sent: 0 items delivered, 0 still refused\n");
  expect(picky.took.filter((id) => id === 777)).toHaveLength(1);
  expect(itemsAt(easy)).toBe(sentToEasy);
  expect((await dlq("list")).out).toBe("no dead letters wait\n1 items were replayed\n");
}, 120_000);

test("a backend that refuses everything holds nobody up, and all that it refused is there", async () => {
  const refuses = new Set(range(0, 3000));
  const { picky, easy, rondo, client } = await startRoad(refuses);
  for (const n of range(0, 30)) await client.send("traces", spans(range(100 * n, 100 * n + 100)));
  client.close();
  await expect
    .poll(async () => sumOf(await rondo.metrics(), "rondo_items_dead_lettered_total", { component: PICKY }), {
      timeout: 30_000,
    })
    .toBe(3000);
  await expect.poll(() => itemsAt(easy)).toBe(3000);
  expect(await rondo.stop()).toBe(0);
  refuses.clear();
  const replayed = await runRondo(["dlq", "replay", "--config", rondo.config, "--data", rondo.data], {
    timeoutMs: 60_000,
  });
  expect([replayed.code, replayed.out]).toEqual([0, expect.stringMatching(/3000 items delivered, 0 still refused/)]);
  expect(ascending(picky.took)).toEqual(range(0, 3000));
}, 120_000);
