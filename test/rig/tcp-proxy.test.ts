import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { startTcpProxy, type TcpProxy } from "./tcp-proxy.ts";

let echo: Server;
let proxy: TcpProxy;
const received: string[] = [];
const clients: Client[] = [];

/** A client that says what came back, and how its connection ended. */
interface Client {
  readonly socket: Socket;
  said(): string;
  ended(): string | undefined;
}

function client(): Client {
  const socket = connect(proxy.port, "127.0.0.1").setNoDelay(true);
  let said = "";
  let ended: string | undefined;
  socket.on("data", (piece) => {
    said += piece.toString();
  });
  socket.on("error", (error) => {
    ended = "code" in error ? String(error.code) : error.message;
  });
  socket.on("close", () => {
    ended ??= "closed";
  });
  const made = { socket, said: () => said, ended: () => ended };
  clients.push(made);
  return made;
}

beforeEach(async () => {
  received.length = 0;
  echo = createServer((socket) => {
    socket.on("error", () => {});
    socket.on("data", (piece) => {
      received.push(piece.toString());
      socket.write(piece);
    });
  });
  await new Promise<void>((resolve) => void echo.listen(0, "127.0.0.1", resolve));
  // A server on TCP has an AddressInfo; only pipes have a string.
  proxy = await startTcpProxy({ target: (echo.address() as AddressInfo).port });
});
afterEach(async () => {
  for (const { socket } of clients.splice(0)) socket.destroy();
  await proxy.close();
  await new Promise((closed) => echo.close(closed));
});

test("forwards both ways, counts connections, and hands an end on", async () => {
  const one = client();
  one.socket.write("hello");
  await expect.poll(one.said).toBe("hello");
  expect(proxy.connections).toEqual({ made: 1, open: 1 });
  one.socket.end();
  await expect.poll(one.ended).toBe("closed");
  await expect.poll(() => proxy.connections).toEqual({ made: 1, open: 0 });
});

test("a large answer is not lost to a client that reads late", async () => {
  const one = client();
  one.socket.pause();
  const large = "x".repeat(4 << 20);
  one.socket.write(large);
  await expect.poll(() => received.join("").length).toBeGreaterThan(100_000);
  one.socket.resume();
  await expect.poll(() => one.said().length).toBe(large.length);
});

test("a delay holds both directions", async () => {
  proxy.set({ delayMs: 60 });
  const one = client();
  const from = performance.now();
  one.socket.write("slow");
  await expect.poll(one.said).toBe("slow");
  expect(performance.now() - from).toBeGreaterThanOrEqual(115);
});

test("a blackhole swallows one direction or both, and connections stay open", async () => {
  const one = client();
  proxy.set({ blackhole: "replies" });
  one.socket.write("a");
  await expect.poll(() => received.join("")).toBe("a");
  proxy.set({ blackhole: "requests" });
  one.socket.write("b");
  await expect.poll(() => one.socket.bytesWritten).toBe(2);
  proxy.set();
  one.socket.write("c");
  await expect.poll(one.said).toContain("c");
  expect(one.said()).not.toContain("a");
  expect(one.ended()).toBeUndefined();
});

test.each([true, false])("loses the n-th answer alone; reset: %s", async (reset) => {
  const one = client();
  proxy.loseReply({ nth: 2, minBytes: 3, reset });
  one.socket.write("first");
  await expect.poll(one.said).toBe("first");
  one.socket.write("no");
  await expect.poll(one.said).toBe("firstno");
  one.socket.write("second");
  await expect.poll(() => proxy.lost).toBe(1);
  expect(received.join("")).toBe("firstnosecond");
  if (reset) await expect.poll(one.ended).toBe("ECONNRESET");
  else {
    one.socket.write("third");
    await expect.poll(one.said).toBe("firstnothird");
  }
});

test("resets what is open and refuses what is new until it is healed", async () => {
  const one = client();
  one.socket.write("x");
  await expect.poll(one.said).toBe("x");
  proxy.set({ refuse: true });
  proxy.reset();
  await expect.poll(one.ended).toBe("ECONNRESET");
  await expect.poll(client().ended).toBe("ECONNRESET");
  proxy.set();
  const other = client();
  other.socket.write("y");
  await expect.poll(other.said).toBe("y");
});

test("nobody behind it is a reset", async () => {
  await new Promise((closed) => echo.close(closed));
  await expect.poll(client().ended).toBe("ECONNRESET");
  await new Promise<void>((resolve) => void echo.listen(0, "127.0.0.1", resolve));
});
