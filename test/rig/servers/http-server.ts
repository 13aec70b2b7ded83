/** What the servers that speak HTTP have in common: a configuration, one port to wait at, JSON to ask for. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { removeFolder, type ServerProcess, serverFolder, startServer } from "./server-process.ts";

/** A server with an HTTP API; `stop`, `kill` and `start` keep its port and its data. */
export interface HttpServer extends ServerProcess {
  /** Where its API is. */
  readonly port: number;
  readonly url: string;
  /** Ends it and removes its data. */
  close(): Promise<void>;
}

/** How such a server is started. */
export interface HttpServerOptions {
  readonly name: string;
  readonly port: number;
  /** Answers 200 once the server serves. */
  readonly readyPath: string;
  /** Makes the configuration, which is written to `config.yaml`, for a data folder that exists. */
  readonly config: (data: string) => string;
  /** The program and its arguments. */
  readonly command: (files: { readonly config: string; readonly data: string }) => readonly [string, ...string[]];
}

/** Starts it. Throws, with the end of its log, when it does not serve. */
export async function startHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const { name, port, readyPath, config, command } = options;
  const folder = serverFolder(name);
  const files = { config: join(folder, "config.yaml"), data: join(folder, "data") };
  mkdirSync(files.data);
  writeFileSync(files.config, config(files.data));
  const url = `http://127.0.0.1:${port}`;
  const serves = async () => {
    const response = await fetch(url + readyPath, { signal: AbortSignal.timeout(2000) });
    await response.arrayBuffer();
    return response.status === 200;
  };
  try {
    const server = await startServer({ name, folder, command: command(files), serves });
    const close = async () => {
      await server.kill();
      removeFolder(folder);
    };
    return Object.assign(server, { port, url, close });
  } catch (thrown) {
    removeFolder(folder);
    throw thrown;
  }
}

/** GETs JSON; `query` is percent-encoded. Throws, with what the server said, unless it answers 200. */
export async function getJson(
  url: string,
  query: Readonly<Record<string, string>> = {},
  headers = {},
): Promise<unknown> {
  const response = await fetch(`${url}?${new URLSearchParams(query)}`, {
    headers,
    signal: AbortSignal.timeout(10_000),
  });
  const said = await response.text();
  if (response.status !== 200) throw new Error(`${url}: ${response.status} ${said.slice(0, 500)}`);
  return JSON.parse(said);
}
