import { once } from "node:events";
import { createServer } from "node:net";
import { Worker } from "node:worker_threads";
import { systemClock } from "@rondo/core";
import { FakeClock } from "@rondo/testkit";
import { expect, test } from "vitest";
import { SeriesPage } from "./series-page.ts";
import { SharedPages } from "./shared-pages.ts";

const address = (port: number) => ({ host: "127.0.0.1", port, text: `127.0.0.1:${port}` });
const newPage = () => ({
  page: new SeriesPage({ expirationMs: 0, series: 1 }, new FakeClock()),
  write: () => ({ status: 200, contentType: "text/plain", body: "page\n" }),
});

/** A port that somebody holds until `close`. */
async function takenPort() {
  const server = createServer();
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  const bound = server.address();
  if (bound === null || typeof bound === "string") throw new Error("no port");
  return { port: bound.port, close: () => server.close() };
}

test("pipelines that name one exporter share its page until the last of them is gone", async () => {
  const pages = new SharedPages();
  const { port, close } = await takenPort();
  close();
  const one = pages.lease("prometheus", address(port), systemClock, newPage);
  const other = pages.lease("prometheus", address(port), systemClock, newPage);
  expect(other.page).toBe(one.page);
  expect(await one.start()).toBe(await other.start());
  await one.close();
  expect(await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()).toBe("page\n");
  await other.close();
  await expect(fetch(`http://127.0.0.1:${port}/metrics`)).rejects.toThrow();
  // And it can be opened anew.
  const again = pages.lease("prometheus", address(port), systemClock, newPage);
  await again.start();
  await again.close();
});

test("another exporter with the same address is refused by name", () => {
  const pages = new SharedPages();
  pages.lease("prometheus", address(9), systemClock, newPage);
  expect(() => pages.lease("prometheus/b", address(9), systemClock, newPage)).toThrow(
    "exporters::prometheus/b::endpoint: 127.0.0.1:9 is that of prometheus; give each a port of its own",
  );
});

test("a port of another process is a fault that names the place, and closing afterwards does no harm", async () => {
  const { port, close } = await takenPort();
  const lease = new SharedPages().lease("prometheus", address(port), systemClock, newPage);
  await expect(lease.start()).rejects.toMatchObject({
    code: "startup",
    message: `exporter prometheus's address 127.0.0.1:${port} is in use by another process; stop it or choose another address with exporters::prometheus::endpoint`,
  });
  await lease.close();
  close();
});

test("threads of a process fill one page, which one of them serves", async () => {
  const { port, close } = await takenPort();
  close();
  const start = async (name: string) => {
    const thread = new Worker(new URL("page-thread.cases.ts", import.meta.url), {
      workerData: { endpoint: `127.0.0.1:${port}`, name },
      execArgv: ["--conditions=source"],
    });
    await once(thread, "message");
    return thread;
  };
  const threads = [await start("a"), await start("b")];
  const page = async () => (await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()).split("\n");
  expect(await page()).toEqual(["# TYPE a gauge", "a 1", "# TYPE b gauge", "b 1", ""]);
  for (const thread of threads) {
    thread.postMessage("end");
    await once(thread, "exit");
  }
  await expect(page()).rejects.toThrow();
}, 20_000);
