/** Ports of this machine, for tests of pages. */
import { createServer } from "node:net";

/** A port that somebody holds until `close`. */
export async function takenPort() {
  const server = createServer();
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  const bound = server.address();
  if (bound === null || typeof bound === "string") throw new Error("no port");
  return { port: bound.port, close: () => new Promise<void>((resolve) => void server.close(() => resolve())) };
}

/** A port that nobody holds now. */
export async function freePort(): Promise<number> {
  const { port, close } = await takenPort();
  await close();
  return port;
}
