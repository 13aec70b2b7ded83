/** Tells at once when nothing listens where a replay is to go, instead of after two minutes of retries. */
import { connect } from "node:net";
import { Fault } from "@rondo/core";
import { parseAddress } from "../address.ts";

/** Long enough for another continent, short enough to still be waiting for the answer. */
const CONNECT_MS = 5000;

/**
 * Connects to what a flag names and hangs up. `--http` takes a URL, `--grpc` takes HOST:PORT. Returns the address as a
 * URL. Throws a Fault `config` for what is no such address, `unavailable` when nothing answers there.
 */
export async function assertReachable(flag: "--http" | "--grpc", written: string): Promise<URL> {
  const url = flag === "--http" ? parseBase(written) : grpcUrl(written);
  const port = Number(url.port) || (url.protocol === "https:" ? 443 : 80);
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
  await new Promise<void>((resolve, reject) => {
    const fail = (why: string) =>
      reject(new Fault("unavailable", `${flag} ${written}: ${why}; start \`rondo up\`, or name where it listens`));
    const socket = connect({ host, port, timeout: CONNECT_MS });
    socket.once("connect", () => {
      socket.destroy();
      resolve();
    });
    socket.once("timeout", () => {
      socket.destroy();
      fail(`no answer within ${CONNECT_MS / 1000} s`);
    });
    socket.once("error", (error: NodeJS.ErrnoException) =>
      fail(error.code === "ECONNREFUSED" ? "nothing listens there" : error.message),
    );
  });
  return url;
}

function parseBase(written: string): URL {
  const url = URL.canParse(written) ? new URL(written) : undefined;
  if (url !== undefined && (url.protocol === "http:" || url.protocol === "https:")) return url;
  throw new Fault("config", `--http ${written} is not a URL; write http://HOST:PORT, such as http://127.0.0.1:4318`);
}

function grpcUrl(written: string): URL {
  const { host, port } = parseAddress("--grpc", written);
  return new URL(`http://${host.includes(":") ? `[${host}]` : host}:${port}`);
}
