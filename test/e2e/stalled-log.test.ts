/**
 * A log that stands still while two hundred clients push: the gateway stays within its memory, says to each when to come back,
 * stays awake, and has lost nothing of what it acknowledged. Twelve seconds at 256 MiB; with RONDO_LONG=1 a minute, also at 1000.
 */
import { Agent, request } from "node:http";
import { connect } from "node:http2";
import { setTimeout as pause } from "node:timers/promises";
import { expect, test } from "vitest";
import { type GatewayProcess, startGatewayProcess } from "../rig/gateway-process.ts";
import { logsRequest, textsInLog } from "../rig/log-texts.ts";
import { GRPC_PATHS, grpcFrameHead, HTTP_PATHS } from "../rig/otlp-transport.ts";
import { testFolder } from "./road.ts";

const LONG = process.env["RONDO_LONG"] === "1";
const STALL_MS = LONG ? 60_000 : 12_000;
const CLIENTS = 200;
/** What all clients together push at once, as a share of the limit: more than the account has. */
const PUSHED = 1.2;
/** Clients that do not care for the delay that they are told. */
const AGAIN_MS = 100;

const yaml = `receivers:
  otlp: {protocols: {grpc: {endpoint: "127.0.0.1:0"}, http: {endpoint: "127.0.0.1:0"}}}
exporters: {debug: {}}
service: {pipelines: {logs: {receivers: [otlp], exporters: [debug]}}}
`;

interface Answer {
  /** HTTP status or gRPC code; 200 and 0 are yes. -1 is none. */
  readonly code: number;
  /** A delay came with it. */
  readonly delayed: boolean;
}

type Send = (head: Buffer, rest: Buffer) => Promise<Answer>;

function overHttp(port: number, agent: Agent): Send {
  return (head, rest) =>
    new Promise((resolve) => {
      const headers = { "content-type": "application/x-protobuf", "content-length": head.length + rest.length };
      const call = request(
        { agent, host: "127.0.0.1", port, path: HTTP_PATHS.logs, method: "POST", headers },
        (reply) => {
          reply.resume();
          reply.on("end", () =>
            resolve({ code: reply.statusCode ?? -1, delayed: Number(reply.headers["retry-after"]) > 0 }),
          );
        },
      );
      call.on("error", () => resolve({ code: -1, delayed: false }));
      call.write(head);
      call.end(rest);
    });
}

function overGrpc(port: number): { readonly send: Send; close(): void } {
  const opened = () => {
    // Two dozen requests of a megabyte wait in a connection of ours at once.
    const made = connect(`http://127.0.0.1:${port}`, { maxSessionMemory: 1_000 });
    made.on("error", () => {});
    return made;
  };
  let session = opened();
  /** Node's client may lose count of its memory when calls end while it writes, and then refuses answers: it begins anew. */
  const renew = (broken: typeof session) => {
    if (session !== broken) return;
    broken.close();
    session = opened();
  };
  return {
    close: () => session.destroy(),
    send: (head, rest) =>
      new Promise((resolve) => {
        const through = session;
        const stream = through.request({
          ":method": "POST",
          ":path": GRPC_PATHS.logs,
          "content-type": "application/grpc",
          te: "trailers",
        });
        let answer: Answer = { code: -1, delayed: false };
        const read = (headers: Readonly<Record<string, unknown>>) => {
          if (headers["grpc-status"] === undefined) return;
          // RetryInfo's type URL stands in the details as it is.
          const details = Buffer.from(String(headers["grpc-status-details-bin"] ?? ""), "base64").toString("latin1");
          answer = { code: Number(headers["grpc-status"]), delayed: details.includes("google.rpc.RetryInfo") };
        };
        stream.on("response", read);
        stream.on("trailers", read);
        stream.on("error", () => {});
        stream.on("close", () => {
          if (answer.code < 0) renew(through);
          resolve(answer);
        });
        stream.resume();
        stream.write(grpcFrameHead(head.length + rest.length, false));
        stream.write(head);
        stream.end(rest);
      }),
  };
}

/** Pushes until it is told to stop; resolves with the numbers that were acknowledged and what else was answered. */
async function push(send: Send, client: number, rest: Buffer, isOver: () => boolean) {
  const acknowledged: string[] = [];
  const refusals: Answer[] = [];
  for (let number = 0; !isOver(); number++) {
    const id = `number-${client}-${number};`;
    const answer = await send(logsRequest([id], `client-${client}`), rest);
    if (answer.code === 200 || answer.code === 0) acknowledged.push(id);
    else refusals.push(answer);
    await pause(AGAIN_MS);
  }
  return { acknowledged, refusals };
}

/** The load of one test, and what came of it. */
async function pushAll(gateway: GatewayProcess, limitMib: number, during: () => Promise<void>) {
  const agent = new Agent({ keepAlive: true });
  const sessions = Array.from({ length: 4 }, () => overGrpc(gateway.port("grpc")));
  const http = overHttp(gateway.port("http"), agent);
  const bytes = Math.floor((PUSHED * limitMib * (1 << 20)) / CLIENTS);
  const rest = logsRequest(Array(Math.floor(bytes / 2_000)).fill("x".repeat(2_000)), "all");
  let over = false;
  const pushing = Array.from({ length: CLIENTS }, (_, client) =>
    push(client % 2 === 0 ? http : (sessions[client % 4]?.send ?? http), client, rest, () => over),
  );
  await during();
  over = true;
  const ends = await Promise.all(pushing);
  for (const session of sessions) session.close();
  agent.destroy();
  return {
    acknowledged: ends.flatMap(({ acknowledged }) => acknowledged),
    refusals: ends.flatMap(({ refusals }) => refusals),
  };
}

/**
 * Where the main thread had no core for more of the time than this, its lateness is the machine's.
 */
const BUSY = 0.05;

/** How far above its limit a process may come. */
const PEAK = 1.2;

test.for(LONG ? [256, 1000] : [256])(
  "with a limit of %i MiB",
  { timeout: STALL_MS + 120_000 },
  async (limitMib, { annotate }) => {
    const data = testFolder();
    const gateway = await startGatewayProcess({ yaml, data, limitMib, log: "embedded" });
    const peaks: number[] = [];
    const look = async () => {
      const figures = await gateway.figures();
      peaks.push(figures.peakMib);
      return figures;
    };
    const { acknowledged, refusals } = await pushAll(gateway, limitMib, async () => {
      await look();
      await pause(1_000);
      gateway.hold();
      await look();
      await pause(STALL_MS);
      const { loopP99Ms, waitedShare, inUseMib, creditsMib } = await look();
      gateway.release();
      await pause(2_000);
      await look();
      await annotate(
        `${limitMib} MiB: before, while and after it stood still at most ${peaks.slice(1).map(Math.round).join(", ")} MiB; ` +
          `${inUseMib.toFixed(0)} of ${creditsMib.toFixed(0)} MiB of credits in use; loop late by ` +
          `${loopP99Ms.toFixed(0)} ms (p99), waiting for a core ${(100 * waitedShare).toFixed(0)} %`,
      );
      expect(Math.max(...peaks)).toBeLessThanOrEqual(limitMib * PEAK);
      expect(inUseMib).toBeGreaterThan(0.8 * creditsMib);
      if (waitedShare < BUSY) expect(loopP99Ms).toBeLessThan(50);
    });
    await gateway.end();
    // 503 and UNAVAILABLE, each with a delay: whatever is refused may come again.
    const answers = refusals.filter(({ code }) => code >= 0);
    expect(new Set(answers.map(({ code, delayed }) => `${code} ${delayed}`))).toEqual(new Set(["503 true", "14 true"]));
    const found = await textsInLog(data, /number-\d+-\d+;/g);
    expect(acknowledged.length).toBeGreaterThan(0);
    expect(acknowledged.filter((id) => !found.has(id))).toEqual([]);
  },
);
