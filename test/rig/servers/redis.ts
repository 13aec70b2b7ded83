/** Redis for tests: in memory alone, so that a kill loses everything as a lost machine would. */
import { connect } from "node:net";
import { tool } from "../../needs.ts";
import { freePorts } from "../free-port.ts";
import { removeFolder, type ServerProcess, serverFolder, startServer } from "./server-process.ts";

/** What a test may want to be different. */
export interface RedisOptions {
  /** Further lines of redis.conf as flags, such as `["--maxmemory-policy", "allkeys-lru"]`; they win. */
  readonly flags?: readonly string[];
}

/** A Redis that runs; `stop`, `kill` and `start` keep its port but none of its data. */
export interface Redis extends ServerProcess {
  readonly port: number;
  readonly url: string;
  /** One command without spaces in its arguments, such as `FLUSHALL`; its first line as Redis wrote it, such as `+OK`. */
  command(...words: readonly string[]): Promise<string>;
  /** Ends it. */
  close(): Promise<void>;
}

/** Starts Redis on a free port of loopback. Resolves when it answers. */
export async function startRedis({ flags = [] }: RedisOptions = {}): Promise<Redis> {
  const folder = serverFolder("redis");
  const [port = 0] = await freePorts(1);
  const command = (...words: readonly string[]) => inline(port, words.join(" "));
  try {
    const server = await startServer({
      name: "redis",
      folder,
      command: [tool("redis"), "--port", String(port), "--bind", "127.0.0.1", "--save", "", "--dir", folder, ...flags],
      serves: async () => (await command("PING")) === "+PONG",
    });
    const close = async () => {
      await server.kill();
      removeFolder(folder);
    };
    return Object.assign(server, { port, url: `redis://127.0.0.1:${port}`, command, close });
  } catch (thrown) {
    removeFolder(folder);
    throw thrown;
  }
}

/** Sends an inline command on a connection of its own: https://redis.io/docs/latest/develop/reference/protocol-spec/#inline-commands */
function inline(port: number, line: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1", () => socket.write(`${line}\r\n`));
    let said = "";
    socket.setTimeout(5000, () => socket.destroy(new Error(`redis did not answer ${line}`)));
    socket.on("error", reject);
    socket.on("close", () => reject(new Error(`redis closed the connection on ${line}`)));
    socket.on("data", (piece) => {
      said += piece.toString();
      const end = said.indexOf("\r\n");
      if (end < 0) return;
      resolve(said.slice(0, end));
      socket.destroy();
    });
  });
}
