import { expect, test } from "vitest";
import { freePort, takenPort } from "./port.cases.ts";
import { servePage } from "./serve-page.ts";
import { SharedPages } from "./shared-pages.ts";

const place = (id: string, port: number) => ({
  ...{ id, openMetrics: false },
  address: { host: "127.0.0.1", port, text: `127.0.0.1:${port}` },
});
const newPage = () => ({
  page: {},
  parts: () => [[{ name: "a", head: ["# TYPE a gauge"], rows: [{ series: "a", rest: "1", time: 0 }] }]],
});
const sharedPages = () => new SharedPages<object>(servePage);

test("pipelines that name one exporter share its page until the last of them is gone", async () => {
  const pages = sharedPages();
  const port = await freePort();
  const one = pages.lease(place("prometheus", port), newPage);
  const other = pages.lease(place("prometheus", port), newPage);
  expect(other.page).toBe(one.page);
  expect(await one.start()).toBe(await other.start());
  await one.close();
  expect(await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()).toBe("# TYPE a gauge\na 1\n");
  await other.close();
  await expect(fetch(`http://127.0.0.1:${port}/metrics`)).rejects.toThrow();
  // And it can be opened anew.
  const again = pages.lease(place("prometheus", port), newPage);
  await again.start();
  await again.close();
});

test("another exporter with the same address is refused by name", () => {
  const pages = sharedPages();
  pages.lease(place("prometheus", 9), newPage);
  expect(() => pages.lease(place("prometheus/b", 9), newPage)).toThrow(
    "exporters::prometheus/b::endpoint: 127.0.0.1:9 is that of prometheus; give each a port of its own",
  );
});

test("a port of another process is a fault that names the place, and closing afterwards does no harm", async () => {
  const { port, close } = await takenPort();
  const lease = sharedPages().lease(place("prometheus", port), newPage);
  await expect(lease.start()).rejects.toMatchObject({
    code: "startup",
    message: `exporter prometheus's address 127.0.0.1:${port} is in use by another process; stop it or choose another address with exporters::prometheus::endpoint`,
  });
  await lease.close();
  await close();
});
