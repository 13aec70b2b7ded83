/**
 * Clients that mean harm, each through a real socket of a process of its own: the connection ends or its calls do, memory stays, and
 * the next client is served as if nothing had been.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import http2 from "node:http2";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { SIGNALS } from "@rondo/otlp";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildRequest } from "../chaos/load.ts";
import { FLAG, FRAME, headerBlock, http2Frame, PREFACE, rawConnection } from "../rig/http2-frames.ts";
import { grpcClient, httpClient } from "../rig/otlp-client.ts";
import { GRPC_PATHS, grpcFrameHead } from "../rig/otlp-transport.ts";
import { startWatchedRondo, type WatchedRondo } from "../rig/watched-rondo.ts";

/** What an attack may cost while it lasts. */
const COST_BYTES = 96 << 20;

const folder = mkdtempSync(join(tmpdir(), "rondo-hostile-"));
let rondo: WatchedRondo;

beforeAll(async () => {
  rondo = await startWatchedRondo(folder);
}, 60_000);

afterAll(async () => {
  await rondo[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
}, 60_000);

/** Every port serves, nothing was logged as an error, everything accepted is delivered. */
async function othersAreServed(): Promise<void> {
  const clients = [
    httpClient({ port: rondo.ports.http, timeoutMs: 10_000 }),
    grpcClient({ port: rondo.ports.grpc, timeoutMs: 10_000 }),
    httpClient({ port: rondo.ports.shared, timeoutMs: 10_000 }),
    grpcClient({ port: rondo.ports.shared, timeoutMs: 10_000 }),
  ];
  for (const client of clients) {
    for (const signal of SIGNALS) {
      expect(await client.send(signal, buildRequest(signal, 1, 0, 5, 1))).toEqual({ kind: "accepted" });
    }
    client.close();
  }
  await rondo.check();
}

const SETTINGS = http2Frame(FRAME.settings, 0, 0);
const hello = Buffer.concat([PREFACE, SETTINGS]);
const REQUEST: readonly (readonly [string, string])[] = [
  [":method", "POST"],
  [":scheme", "http"],
  [":path", GRPC_PATHS.logs],
  [":authority", "127.0.0.1"],
  ["content-type", "application/grpc"],
  ["te", "trailers"],
];
const block = headerBlock(REQUEST);
const open = (stream: number, flags: number = FLAG.endHeaders) => http2Frame(FRAME.headers, flags, stream, block);
const number = (value: number) => {
  const out = Buffer.alloc(4);
  out.writeUInt32BE(value);
  return out;
};
const times = (count: number, make: (index: number) => Uint8Array) =>
  Buffer.concat(Array.from({ length: count }, (_, index) => make(index)));
const stream = (index: number) => 2 * index + 1;
const [SECOND, LONGEST] = [1_000, 25_000];

/** Whether the connection must be ended for it; where not, its calls are, or it does no harm. */
type Ends = "ended" | "endured";

const ATTACKS: readonly (readonly [name: string, ends: Ends, bytes: () => Buffer])[] = [
  [
    "rapid reset",
    "ended",
    () =>
      times(20_000, (index) =>
        Buffer.concat([open(stream(index)), http2Frame(FRAME.reset, 0, stream(index), number(8))]),
      ),
  ],
  ["SETTINGS without end", "ended", () => times(20_000, () => SETTINGS)],
  ["PING without end", "ended", () => times(20_000, () => http2Frame(FRAME.ping, 0, 0, Buffer.alloc(8)))],
  [
    "CONTINUATION without end",
    "ended",
    () =>
      Buffer.concat([
        open(1, 0),
        times(1_000, () => http2Frame(FRAME.continuation, 0, 1, headerBlock([["x".repeat(100), "y".repeat(16_000)]]))),
      ]),
  ],
  [
    "empty CONTINUATION without end",
    "ended",
    () => Buffer.concat([open(1, 0), times(50_000, () => http2Frame(FRAME.continuation, 0, 1))]),
  ],
  [
    "one header of 4 kB, named ten thousand times",
    "endured",
    () => {
      const named = headerBlock([["a", "b".repeat(4_000)]], 0x40);
      const again = Buffer.concat([block, named, Buffer.alloc(10_000, 0x80 | 62)]);
      return Buffer.concat([http2Frame(FRAME.headers, FLAG.endHeaders, 1, again)]);
    },
  ],
  [
    "empty DATA without end",
    "endured",
    () => Buffer.concat([open(1), times(50_000, () => http2Frame(FRAME.data, 0, 1))]),
  ],
  [
    "WINDOW_UPDATE without end",
    "endured",
    () => Buffer.concat([open(1), times(50_000, () => http2Frame(FRAME.windowUpdate, 0, 1, number(1)))]),
  ],
  [
    "PRIORITY without end",
    "endured",
    () => times(50_000, (index) => http2Frame(FRAME.priority, 0, stream(index), Buffer.from("0000000010", "hex"))),
  ],
  ["a window that overflows", "ended", () => http2Frame(FRAME.windowUpdate, 0, 0, number(0x7fffffff))],
  ["calls without end, and no message in any", "ended", () => times(5_000, (index) => open(stream(index)))],
  ["DATA on no stream", "ended", () => http2Frame(FRAME.data, 0, 0, Buffer.alloc(10))],
  ["streams that count down", "endured", () => Buffer.concat([open(9), open(5)])],
];

describe("HTTP/2", () => {
  test.each(ATTACKS)("%s is %s, on a port of its own and on a shared one", async (_, ends, bytes) => {
    const { grpc, shared } = rondo.ports;
    const before = rondo.memory();
    const attack = bytes();
    const say = (socket: Socket) => void socket.write(Buffer.concat([hello, attack]));
    let closed = false;
    const peak = await rondo.peakDuring(async () => {
      const attacks = await Promise.all(
        [grpc, shared, grpc, shared].map((port) => rawConnection(port, say, ends === "ended" ? LONGEST : 2 * SECOND)),
      );
      closed = attacks.every((one) => one.closed);
    });
    if (ends === "ended") expect(closed).toBe(true);
    expect(peak - before).toBeLessThan(COST_BYTES);
    await othersAreServed();
  });
});

/** A call of which a byte comes now and then: its status, and whether its connection, which may carry others, is still there. */
async function trickledCall(port: number): Promise<{ readonly status: unknown; readonly alive: boolean }> {
  const session = http2.connect(`http://127.0.0.1:${port}`);
  session.on("error", () => {});
  const call = session.request(Object.fromEntries(REQUEST));
  call.on("error", () => {});
  call.write(grpcFrameHead(1_000, false));
  const timer = setInterval(() => call.write("x"), SECOND);
  const status = await new Promise<unknown>((answered) =>
    call.on("response", (headers) => answered(headers["grpc-status"])),
  );
  clearInterval(timer);
  const alive = !session.closed && !session.destroyed;
  session.destroy();
  return { status, alive };
}

test("who says nothing, half a greeting, or a byte now and then is let go, on every port", async () => {
  const trickle = (head: Buffer, byte: string) => (socket: Socket) => {
    socket.write(head);
    const timer = setInterval(() => socket.write(byte), SECOND);
    socket.on("close", () => clearInterval(timer));
  };
  const { grpc, http, shared } = rondo.ports;
  const post = "POST /v1/logs HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-protobuf\r\n";
  const call = trickledCall(grpc);
  const slow = await Promise.all([
    rawConnection(grpc, () => {}, LONGEST),
    rawConnection(grpc, (socket) => void socket.write(PREFACE.subarray(0, 10)), LONGEST),
    rawConnection(grpc, trickle(PREFACE.subarray(0, 4), ""), LONGEST),
    rawConnection(http, () => {}, LONGEST),
    rawConnection(shared, () => {}, LONGEST),
    rawConnection(shared, (socket) => void socket.write(PREFACE.subarray(0, 10)), LONGEST),
    rawConnection(shared, trickle(Buffer.from(post), "x"), LONGEST),
    rawConnection(http, trickle(Buffer.from(post), "x"), LONGEST),
    rawConnection(http, trickle(Buffer.from(`${post}Content-Length: 1000\r\n\r\n`), "x"), LONGEST),
  ]);
  expect(slow.map(({ closed }) => closed)).toEqual(slow.map(() => true));
  expect(slow.at(-1)?.got.toString("latin1")).toMatch(/^HTTP\/1\.1 503 /);
  expect(await call).toEqual({ status: "14", alive: true });
  await othersAreServed();
}, 90_000);

/** Open files that a process here may have: Node raises its own limit as far. */
const mostFiles = Number(/^Max open files\s+\S+\s+(\d+)/m.exec(readFileSync("/proc/self/limits", "latin1"))?.[1]);

test("ten thousand connections that do nothing", async (context) => {
  if (mostFiles < 11_000) context.skip(`a process may open ${mostFiles} files here; raise ulimit -n to 11000`);
  const before = rondo.memory();
  const sockets: Socket[] = [];
  try {
    for (let batch = 0; batch < 100; batch++) {
      await Promise.all(
        Array.from({ length: 100 }, async (_, index) => {
          const greets = index % 2 === 0;
          const own = greets ? rondo.ports.grpc : rondo.ports.http;
          const socket = connect(index % 4 < 2 ? own : rondo.ports.shared, "127.0.0.1");
          sockets.push(socket.on("error", () => {}));
          await new Promise((connected) => socket.once("connect", connected));
          if (greets) socket.write(hello);
        }),
      );
    }
    const peak = await rondo.peakDuring(() => pause(2 * SECOND));
    // Those that say nothing may be let go by now; the others have greeted.
    expect(sockets.filter((socket, index) => index % 2 === 0 && !socket.closed)).toHaveLength(5_000);
    expect((peak - before) / sockets.length, "bytes a connection").toBeLessThan(30_000);
    await othersAreServed();
  } finally {
    for (const socket of sockets) socket.destroy();
  }
  await othersAreServed();
}, 120_000);
