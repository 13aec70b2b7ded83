/**
 * Ports of the loopback interface that nobody listens on. They lie below the range from which the system takes the ports of
 * outgoing connections: a server that is killed and started again finds its port as it left it.
 */
import { createServer } from "node:net";

const FROM = 15_000;
const TO = 32_000;
const ATTEMPTS = 200;

/** Ports that were given out: whoever has one may not have bound it yet when the next is asked for. */
const given = new Set<number>();

type Held = { readonly port: number; readonly close: () => Promise<void> };

function hold(port: number): Promise<Held | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.on("error", () => resolve(undefined));
    server.listen(port, "127.0.0.1", () =>
      resolve({ port, close: () => new Promise((closed) => server.close(() => closed())) }),
    );
  });
}

/** That many ports, free at the time of asking and never given twice by this process. Throws when hardly any is free. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const held: Held[] = [];
  for (let attempt = 0; held.length < count; attempt++) {
    if (attempt > ATTEMPTS) throw new Error(`found ${held.length} of ${count} free ports between ${FROM} and ${TO}`);
    const port = FROM + Math.floor(Math.random() * (TO - FROM));
    const one = given.has(port) ? undefined : await hold(port);
    if (one === undefined) continue;
    given.add(port);
    held.push(one);
  }
  await Promise.all(held.map((one) => one.close()));
  return held.map((one) => one.port);
}
