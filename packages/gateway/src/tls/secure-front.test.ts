import { once } from "node:events";
import { createServer as createInner } from "node:http2";
import { connect } from "node:net";
import { connect as connectTls } from "node:tls";
import { silentLog, systemClock } from "@rondo/core";
import { expect, onTestFinished, test } from "vitest";
import { bind } from "../listener.ts";
import { place } from "../rig.cases.ts";
import { certificates, hasOpenssl } from "./certificates.cases.ts";
import { secureFront } from "./secure-front.ts";
import { openServerTls } from "./server-tls.ts";
import { listenerTls } from "./tls-fields.ts";

/** A front on a free port, before a server of HTTP/2. */
async function fronted() {
  const made = certificates();
  onTestFinished(() => made[Symbol.dispose]());
  const { cert, key } = made.issue("server", made.authority("ca"));
  const values = listenerTls.read({ cert_file: cert, key_file: key }, place());
  if (!values) throw new Error("the configuration is wrong");
  const around = { clock: systemClock, log: silentLog, reloaded: nothing, handshakeFailed: nothing };
  const inner = createInner();
  const tls = await openServerTls(values, { ...around, key: "tls" });
  onTestFinished(() => tls.close());
  const front = secureFront(inner, tls, "h2");
  const { port } = await bind(front.server, { host: "127.0.0.1", port: 0 }, "k");
  return { inner, front, port };
}

const nothing = () => {};

test.skipIf(!hasOpenssl)("closing cuts connections, those that never began a handshake among them", async () => {
  const { inner, front, port } = await fronted();
  const silent = connect(port, "127.0.0.1");
  await once(silent, "connect");
  const session = connectTls({ port, host: "127.0.0.1", ALPNProtocols: ["h2"], rejectUnauthorized: false });
  await once(inner, "session");
  const gone = Promise.all([silent, session].map((socket) => once(socket.on("error", nothing).resume(), "close")));
  await front.close();
  await gone;
  expect(front.server.listening).toBe(false);
});

test.skipIf(!hasOpenssl)(
  "a handshake that ends after the stop begins no session",
  async () => {
    const { inner, front, port } = await fronted();
    const sessions: unknown[] = [];
    inner.on("session", (session) => sessions.push(session));
    const accepted = once(front.server, "connection");
    const plain = connect(port, "127.0.0.1");
    await accepted;
    front.stop();
    const late = connectTls({ socket: plain, ALPNProtocols: ["h2"], rejectUnauthorized: false });
    await once(late.on("error", nothing).resume(), "close");
    expect(sessions).toEqual([]);
    await front.close();
  },
  5_000,
);
