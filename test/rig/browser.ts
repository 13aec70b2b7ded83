/** A real browser for tests: it opens one page, which runs a script and says with one value how that ended. */
import { spawn } from "node:child_process";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";

const ANSWER_MS = 60_000;
const RESULT = "/result";

/** A page that a test serves, on an origin of its own: another port is another origin. */
export interface Page {
  /** Such as http://127.0.0.1:40001. */
  readonly origin: string;
  /** What the script returned. Rejects with what it threw, and when the browser does not come back in a minute. */
  readonly result: Promise<unknown>;
  close(): Promise<void>;
}

/** Serves a page whose script is the body of an async function; what it returns must be JSON. */
export async function servePage(script: string): Promise<Page> {
  const said = Promise.withResolvers<unknown>();
  // Whoever waits hears of it; a test that failed before it waited has said enough.
  said.promise.catch(() => undefined);
  const server = createServer((request, response) => {
    if (request.method !== "POST") {
      response.setHeader("content-type", "text/html; charset=utf-8");
      response.end(request.url === "/" ? html(script) : "");
      return;
    }
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      response.end();
      const { value, error } = JSON.parse(Buffer.concat(chunks).toString("utf8"));
      if (error === undefined) said.resolve(value);
      else said.reject(new Error(`the page's script failed: ${error}`));
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.on("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  // An address with a port: it listens on TCP.
  const { port } = server.address() as AddressInfo;
  const late = setTimeout(() => said.reject(new Error(`the page said nothing within ${ANSWER_MS} ms`)), ANSWER_MS);
  return {
    origin: `http://127.0.0.1:${port}`,
    result: said.promise,
    close: () => {
      clearTimeout(late);
      return new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
    },
  };
}

function html(script: string): string {
  return `<!doctype html><title>page</title><script type="module">
const say = (said) => fetch("${RESULT}", { method: "POST", body: JSON.stringify(said) });
try {
  say({ value: (await (async () => {${script}})()) ?? null });
} catch (error) {
  say({ error: String(error?.stack ?? error) });
}
</script>`;
}

/** Opens a page in Chromium without a window, with its profile below `folder`; the result ends it with all its processes. */
export function openBrowser(chromium: string, url: string, folder: string): () => Promise<void> {
  const flags = ["--headless", "--disable-gpu", "--no-first-run", "--disable-background-networking"];
  // The sandbox needs privileges that containers lack; the only pages are ours.
  flags.push("--no-sandbox", "--disable-dev-shm-usage", `--user-data-dir=${join(folder, "chromium")}`);
  // With a port for debugging it stays open for as long as we like, instead of ending with the page's first paint.
  const child = spawn(chromium, [...flags, "--remote-debugging-port=0", url], { stdio: "ignore", detached: true });
  const gone = new Promise<void>((resolve) => child.on("close", () => resolve()));
  // A browser that cannot be started is a page that says nothing, which its result tells.
  child.on("error", () => undefined);
  const end = () => {
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    process.kill(-child.pid, "SIGKILL");
  };
  process.once("exit", end);
  return async () => {
    process.off("exit", end);
    end();
    if (child.pid !== undefined) await gone;
  };
}
