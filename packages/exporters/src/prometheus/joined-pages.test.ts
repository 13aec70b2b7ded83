import { type AnyExporterType, silentLog } from "@rondo/core";
import { expect, onTestFinished, test } from "vitest";
import { exporterTypesWith } from "../index.ts";
import { type ConfiguredExporter, serveJoinedPages } from "./joined-pages.ts";
import { freePort, takenPort } from "./port.cases.ts";

const type = (name: string): AnyExporterType => {
  const found = exporterTypesWith(process).find((one) => one.type === name);
  if (found === undefined) throw new Error(`there is no ${name}`);
  return found;
};

const exporter = (id: string, port: number): ConfiguredExporter => ({
  ...{ id, type: type("prometheus") },
  values: { endpoint: { host: "127.0.0.1", port, text: `127.0.0.1:${port}` }, enable_open_metrics: true },
});

const part = (exporter: string, thread: number) => [
  { name: "x", head: ["# TYPE x gauge"], rows: [{ series: `x{${exporter}="${thread}"}`, rest: "1", time: 0 }] },
];

const page = async (port: number, accept = "*/*") =>
  await (await fetch(`http://127.0.0.1:${port}/metrics`, { headers: { accept } })).text();

test("each exporter's page is served once, from what every thread answers when it is asked for", async () => {
  const [one, other] = [await freePort(), await freePort()];
  const asked: string[] = [];
  const said: string[] = [];
  const pages = await serveJoinedPages(
    [exporter("a", one), exporter("a", one), exporter("b", other), { id: "otlp", type: type("otlp"), values: {} }],
    async (id, format) => {
      asked.push(`${id} ${format}`);
      return [part(id, 0), part(id, 1)];
    },
    { ...silentLog, info: (message) => void said.push(message) },
  );
  expect(said).toEqual([one, other].map((port, at) => `exporter ${"ab"[at]} serves http://127.0.0.1:${port}/metrics`));
  expect(await page(one)).toBe('# TYPE x gauge\nx{a="0"} 1\nx{a="1"} 1\n');
  expect(await page(other, "application/openmetrics-text")).toContain('x{b="1"} 1\n# EOF\n');
  expect(asked).toEqual(["a text", "b openmetrics"]);
  await pages.close();
  await expect(page(one)).rejects.toThrow();
});

test("a port that cannot be had is the fault that it is without threads, and no page stays open", async () => {
  const one = await freePort();
  const { port: other, close } = await takenPort();
  onTestFinished(close);
  const starting = (second: ConfiguredExporter) =>
    serveJoinedPages([exporter("a", one), second], async () => [], silentLog);
  await expect(starting(exporter("b", other))).rejects.toMatchObject({
    code: "startup",
    message: `exporter b's address 127.0.0.1:${other} is in use by another process; stop it or choose another address with exporters::b::endpoint`,
  });
  await expect(page(one)).rejects.toThrow();
  await expect(starting(exporter("b", one))).rejects.toMatchObject({ code: "config" });
});
