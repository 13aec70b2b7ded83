import http2, { type ClientHttp2Session, type IncomingHttpHeaders, type ServerHttp2Stream } from "node:http2";
import { type AddressInfo, connect, type Socket } from "node:net";
import { FakeClock } from "@rondo/testkit";
import { expect, onTestFinished, test } from "vitest";
import { type Connection, type ConnectionRules, type Connections, grpcConnections } from "./grpc-connections.ts";

const NEVER: ConnectionRules = {
  maxCalls: 10,
  idleMs: 0,
  ageMs: 0,
  ageGraceMs: 0,
  silentMs: 0,
  silentTimeoutMs: 0,
  pingMs: 300_000,
  pingWithoutCalls: false,
};

/** A listener on a free port, and what a test does with it. */
async function listening(rules: Partial<ConnectionRules> = {}) {
  const clock = new FakeClock();
  const connections = grpcConnections({ ...NEVER, ...rules }, clock);
  const { server } = connections;
  await new Promise<void>((bound) => server.listen(0, "127.0.0.1", bound));
  onTestFinished(() => connections.close());
  // A listening TCP server has such an address.
  const { port } = server.address() as AddressInfo;
  const accepted = () => new Promise<http2.ServerHttp2Session>((seen) => server.once("session", seen));

  /** A peer that has said hello, and what we know of its connection. */
  const client = async () => {
    const seen = accepted();
    const session = http2.connect(`http://127.0.0.1:${port}`);
    session.on("error", () => {});
    onTestFinished(() => session.destroy());
    const away = new Promise<string>((gone) => session.once("goaway", (code, _, why) => gone(`${code} ${why ?? ""}`)));
    const closed = new Promise<void>((gone) => session.once("close", () => gone()));
    await new Promise((settings) => session.once("remoteSettings", settings));
    // Its SETTINGS have been read by us when it has our acknowledgement.
    await expect.poll(() => session.pendingSettingsAck).toBe(false);
    const connection = connections.of(await seen);
    if (connection === undefined) throw new Error("the connection is not known");
    return { session, connection, away, closed };
  };
  return { clock, connections, port, accepted, client };
}

/** Resolves when our side has answered the ping. */
const ping = (session: ClientHttp2Session) => new Promise((answered) => session.ping(answered));

const call = (connection: Connection) => {
  const open = { endIfLate() {} };
  connection.opened(open);
  return () => connection.ended(open);
};

/** A socket that says what it is told, resolving when it is closed. */
function raw(port: number, say: (socket: Socket) => void, options = {}): Promise<Buffer> {
  const got: Buffer[] = [];
  return new Promise((closed) => {
    const socket = connect({ ...options, port, host: "127.0.0.1" }, () => say(socket));
    onTestFinished(() => void socket.destroy());
    socket
      .on("error", () => {})
      .on("data", (bytes: Buffer) => got.push(bytes))
      .on("close", () => closed(Buffer.concat(got)));
  });
}

/** What makes a socket keep its side open when the other has ended. */
const HALF_OPEN = { allowHalfOpen: true };

const PREFACE = Buffer.concat([
  Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
  Buffer.from("000000040000000000", "hex"),
]);

test("a call may send 4 MiB before anything of it is read", async () => {
  const { client } = await listening();
  const { session } = await client();
  expect(session.remoteSettings).toMatchObject({ initialWindowSize: 4 << 20, maxConcurrentStreams: 10 });
});

test("a connection that never says HTTP/2 is cut after the time for it, and nothing is left", async () => {
  const { clock, port, accepted } = await listening();
  const seen = accepted();
  const closed = raw(port, () => {});
  await seen;
  await clock.advance(9_000);
  await clock.advance(1_000);
  await closed;
  await clock.advance(1_000);
  expect(clock.pending).toBe(0);
});

test("a drain tells clients to go elsewhere", async () => {
  const { connections, client } = await listening();
  const { away } = await client();
  connections.drain();
  expect(await away).toBe("0 ");
});

test("a connection without calls is ended after the idle time, one with a call is not", async () => {
  const { clock, client } = await listening({ idleMs: 60_000 });
  const busy = await client();
  const end = call(busy.connection);
  const idle = await client();
  await clock.advance(60_000);
  expect(await idle.away).toBe("0 ");
  await idle.closed;
  expect(busy.session.closed).toBe(false);
  end();
  await clock.advance(59_000);
  expect(busy.session.closed).toBe(false);
  await clock.advance(1_000);
  await busy.closed;
});

test("old connections are told to go, apart from each other, and cut after the grace", async () => {
  const { clock, port, client, accepted } = await listening({ ageMs: 100_000, ageGraceMs: 5_000 });
  const first = await client();
  const second = await client();
  const served = accepted();
  // A call that never ends: its connection can only be cut.
  void raw(port, (socket) => socket.write(Buffer.concat([PREFACE, openStream()])));
  const session = await served;
  await clock.advance(100_000);
  expect([first.session.closed, second.session.closed]).toEqual([false, false]);
  await clock.advance(11_000);
  await Promise.all([first.away, second.away]);
  const cut = new Promise((closed) => session.once("close", closed));
  await clock.advance(6_000);
  await cut;
});

/** HEADERS of a POST to `/`, without the end of its stream: indexed fields only. RFC 7541, appendix A. */
function openStream(): Buffer {
  const block = Buffer.from([0x83, 0x86, 0x84, 0x41, 0x01, 0x61]);
  return Buffer.concat([Buffer.from([0, 0, block.length, 1, 4, 0, 0, 0, 1]), block]);
}

test("a silent peer is asked for a sign of life, and cut when none comes", async () => {
  const { clock, port, client, accepted } = await listening({ silentMs: 60_000, silentTimeoutMs: 20_000 });
  const alive = await client();
  const seen = accepted();
  const dead = raw(port, (socket) => socket.write(PREFACE));
  const session = await seen;
  await new Promise((greeted) => session.once("remoteSettings", greeted));
  await clock.advance(60_000);
  await expect.poll(() => alive.session.closed).toBe(false);
  await ping(alive.session);
  await clock.advance(21_000);
  expect((await dead).includes(Buffer.from("000008060000000000", "hex"))).toBe(true);
  expect(alive.session.closed).toBe(false);
});

test.each([
  ["with calls, more often than allowed", { calls: true, everyMs: 299_000 }, "11 too_many_pings"],
  ["with calls, as often as allowed", { calls: true, everyMs: 300_000 }, undefined],
  ["without calls", { calls: false, everyMs: 300_000 }, "11 too_many_pings"],
  ["without calls, once in two hours", { calls: false, everyMs: 7_200_000 }, undefined],
  ["after something was sent each time", { calls: true, everyMs: 1_000, sent: true }, undefined],
])("pings %s", async (_, { calls, everyMs, ...more }, ended) => {
  const { clock, client } = await listening();
  const { session, connection, away } = await client();
  if (calls) call(connection);
  for (let i = 0; i < 4; i++) {
    if ("sent" in more) connection.sent();
    await Promise.race([ping(session), away]);
    await clock.advance(everyMs);
  }
  if (ended !== undefined) expect(await away).toBe(ended);
  else expect(session.closed).toBe(false);
});

test("who sends much waits for the next turn, and a call beside is answered before that", async () => {
  const { clock, connections, client } = await listening();
  let flooded = 0;
  connections.server.on("stream", (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => {
    stream.on("error", () => {});
    stream.on("data", (chunk: Buffer) => {
      connections.of(stream.session)?.arrived(chunk.length);
      if (headers[":path"] === "/flood") flooded += chunk.length;
    });
    stream.on("end", () => stream.destroyed || stream.respond({ ":status": 200 }, { endStream: true }));
  });
  const answered = (session: ClientHttp2Session, path: string, body: Buffer) => {
    const stream = session.request({ ":method": "POST", ":path": path });
    stream.end(body);
    return new Promise((resolve) => stream.once("response", (headers) => resolve(headers[":status"])));
  };
  const turn = 4 << 20;
  const whole = 3 * turn;
  const flood = answered((await client()).session, "/flood", Buffer.alloc(whole));
  const { session } = await client();
  for (let turns = 1; flooded < whole - turn; turns++) {
    await expect.poll(() => flooded).toBeGreaterThan(turns * turn);
    for (let i = 0; i < 10; i++) expect(await answered(session, "/small", Buffer.alloc(10))).toBe(200);
    // What a socket is read at once may end beyond the turn.
    expect(flooded).toBeLessThanOrEqual(turns * (turn + (128 << 10)));
    await clock.advance(1);
  }
  expect(await flood).toBe(200);
  await clock.advance(1);
  expect(flooded).toBe(whole);
});

test("SETTINGS without end are no configuration", async () => {
  const { port } = await listening();
  const settings = Buffer.from("000000040000000000", "hex");
  const got = await raw(port, (socket) => socket.write(Buffer.concat([PREFACE, ...Array(100).fill(settings)])));
  expect(got.includes("too_many_settings")).toBe(true);
});

/** Sockets that the listener has open. */
const held = (connections: Connections) =>
  new Promise((resolve, reject) => {
    connections.server.getConnections((error, count) => (error === null ? resolve(count) : reject(error)));
  });

test("a peer that says farewell and keeps its socket is not asked for a sign of life, and cut soon", async () => {
  const { connections, clock, port, accepted } = await listening({ silentMs: 60_000 });
  const seen = accepted();
  const farewell = Buffer.from("0000080700000000000000000000000000", "hex");
  void raw(port, (socket) => socket.write(Buffer.concat([PREFACE, farewell])), HALF_OPEN);
  const session = await seen;
  await expect.poll(() => session.destroyed).toBe(true);
  await clock.advance(60_000);
  await clock.advance(4_000);
  await expect.poll(() => held(connections)).toBe(0);
  await clock.advance(1_000);
  expect(clock.pending).toBe(0);
});

test("an idle peer that does not end its side is cut a while after it was told to go", async () => {
  const { connections, clock, port, accepted } = await listening({ idleMs: 60_000 });
  const seen = accepted();
  void raw(port, (socket) => socket.write(PREFACE), HALF_OPEN);
  const session = await seen;
  await new Promise((greeted) => session.once("remoteSettings", greeted));
  await clock.advance(60_000);
  await expect.poll(() => session.destroyed).toBe(true);
  await clock.advance(1_000);
  await clock.advance(3_000);
  await expect.poll(() => held(connections)).toBe(0);
});

test("a close after a drain waits for no peer", async () => {
  const { connections, port, accepted } = await listening();
  const seen = accepted();
  void raw(port, (socket) => socket.write(PREFACE), HALF_OPEN);
  const session = await seen;
  await new Promise((greeted) => session.once("remoteSettings", greeted));
  connections.drain();
  await expect.poll(() => session.destroyed).toBe(true);
  await connections.close();
});

test("what one connection throws while it is looked after ends that connection alone", async () => {
  const { clock, client } = await listening();
  const broken = await client();
  const other = await client();
  broken.connection.opened({
    endIfLate() {
      throw new Error("a bug");
    },
  });
  await clock.advance(1_000);
  await broken.closed;
  expect(other.session.closed).toBe(false);
});
