import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { SocketReading } from "./socket-reading.ts";

/** Both ends of a connection. */
async function connected() {
  const server = createServer();
  await new Promise<void>((bound) => server.listen(0, "127.0.0.1", bound));
  // A listening TCP server has such an address.
  const { port } = server.address() as AddressInfo;
  const accepted = once(server, "connection");
  const client = connect(port, "127.0.0.1");
  const [ours]: Socket[] = await accepted;
  onTestFinished(() => {
    client.destroy();
    ours?.destroy();
    server.close();
  });
  if (ours === undefined) throw new Error("nobody came");
  return { client, ours };
}

test("a socket whose handle is stopped brings nothing until it is started, and then everything", async () => {
  const { client, ours } = await connected();
  let got = "";
  ours.on("data", (chunk) => {
    got += chunk.toString();
  });
  const reading = new SocketReading(ours);
  expect(reading.isPaused()).toBe(false);
  reading.pause();
  reading.pause();
  expect(reading.isPaused()).toBe(true);
  await new Promise((written) => client.write("hello", written));
  // What goes the other way shows that the loop has looked at the sockets since.
  ours.write("x");
  await once(client, "data");
  expect(got).toBe("");
  reading.resume();
  expect(reading.isPaused()).toBe(false);
  await expect.poll(() => got).toBe("hello");
});

test("while its peer takes nothing a socket is not started, and later by whoever looks", async () => {
  const { client, ours } = await connected();
  let got = "";
  ours.on("data", (chunk) => {
    got += chunk.toString();
  });
  client.pause();
  const written = new Promise((taken) => ours.write(Buffer.alloc(32 << 20), taken));
  const reading = new SocketReading(ours);
  reading.pause();
  client.write("hello");
  reading.resume();
  reading.catchUp();
  // Time in which the loop looks at every socket, several times.
  for (let i = 0; i < 5; i++) await new Promise((later) => setTimeout(later, 10));
  expect(got).toBe("");
  client.resume();
  await written;
  reading.catchUp();
  await expect.poll(() => got).toBe("hello");
});

test("of a socket that is gone nothing is asked", async () => {
  const { ours } = await connected();
  const reading = new SocketReading(ours);
  ours.destroy();
  await once(ours, "close");
  reading.pause();
  reading.resume();
  expect(reading.isPaused()).toBe(false);
});
