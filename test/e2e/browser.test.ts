/**
 * A real browser: a page of another origin sends OTLP/HTTP in JSON by `fetch`, as the SDK for the web does. What it sends
 * arrives exactly, it reads the answers, and a page of an origin that is not allowed neither sends nor reads.
 */
import type { Signal } from "@rondo/otlp";
import { decodedItems, decodeRequest } from "@rondo/otlp/codec";
import { expect, onTestFinished } from "vitest";
import { needs, tool } from "../needs.ts";
import { openBrowser, type Page, servePage } from "../rig/browser.ts";
import { type OtlpServer, serveHttp } from "../rig/otlp-server.ts";
import { choosePorts, prepareRondo } from "../rig/rondo-process.ts";
import { testFolder } from "./road.ts";

const SIGNALS_SENT = ["traces", "metrics", "logs"] as const satisfies readonly Signal[];

const yaml = (port: number, backend: number, allowed: string) => `receivers:
  otlp:
    protocols:
      http:
        endpoint: "127.0.0.1:${port}"
        cors: {allowed_origins: ["${allowed}"], allowed_headers: [X-Api-Key], exposed_headers: [Retry-After], max_age: 60}
exporters:
  otlp_http: {endpoint: "http://127.0.0.1:${backend}", compression: none}
service:
  pipelines:
${SIGNALS_SENT.map((signal) => `    ${signal}: {receivers: [otlp], exporters: [otlp_http]}`).join("\n")}
`;

const TRACE_ID = "5b8efff798038103d269b633813fc60c";
const attributes = [
  { key: "text", value: { stringValue: 'é "quoted" \\ 😀\n' } },
  { key: "long", value: { intValue: "9007199254740993" } },
  { key: "double", value: { doubleValue: 0.1 } },
];
const REQUESTS: Readonly<Record<(typeof SIGNALS_SENT)[number], object>> = {
  traces: {
    resourceSpans: [
      { scopeSpans: [{ spans: [{ traceId: TRACE_ID, spanId: "eee19b7ec3c1b174", name: "page", attributes }] }] },
    ],
  },
  metrics: {
    resourceMetrics: [
      { scopeMetrics: [{ metrics: [{ name: "page", gauge: { dataPoints: [{ asDouble: 1.5, attributes }] } }] }] },
    ],
  },
  logs: { resourceLogs: [{ scopeLogs: [{ logRecords: [{ body: { stringValue: "page" }, attributes }] }] }] },
};

/** A script that posts every request, and a body that is none, and tells what it could read. */
const posting = (gateway: string) => `
const post = async (signal, body) => {
  const headers = { "content-type": "application/json", "x-api-key": "of the page" };
  try {
    const response = await fetch("${gateway}/v1/" + signal, { method: "POST", headers, body });
    return { status: response.status, answer: await response.json() };
  } catch (error) {
    return { error: error.name };
  }
};
const said = [];
for (const [signal, request] of Object.entries(${JSON.stringify(REQUESTS)})) said.push(await post(signal, JSON.stringify(request)));
said.push(await post("traces", '{"resourceSpans":'));
return said;`;

/** What the page said, when a browser had been there. */
async function visit(page: Page): Promise<unknown> {
  onTestFinished(openBrowser(tool("chromium"), page.origin, testFolder()));
  onTestFinished(() => page.close());
  return page.result;
}

needs("chromium")(
  "a page of an allowed origin sends all three signals and reads the answers, one of another origin does neither",
  async () => {
    const arrived: { readonly signal: Signal; readonly body: Buffer }[] = [];
    const backend: OtlpServer = await serveHttp(0, (signal, body) => {
      arrived.push({ signal, body });
      return "accepted";
    });
    onTestFinished(() => backend.close());
    const ports = await choosePorts();
    const gateway = `http://127.0.0.1:${ports.http}`;
    const [page, stranger] = await Promise.all([servePage(posting(gateway)), servePage(posting(gateway))]);
    const rondo = prepareRondo(testFolder(), ports, yaml(ports.http, backend.port, page.origin));
    rondo.launch();
    onTestFinished(() => rondo.kill());
    await rondo.ready();

    const refused = { error: "TypeError" };
    expect(await visit(stranger)).toEqual([refused, refused, refused, refused]);
    expect(await visit(page)).toEqual([
      ...SIGNALS_SENT.map(() => ({ status: 200, answer: {} })),
      { status: 400, answer: expect.objectContaining({ code: 3, message: expect.stringContaining("resourceSpans") }) },
    ]);
    await expect.poll(() => arrived.length).toBe(SIGNALS_SENT.length);
    const seen = arrived.flatMap(({ signal, body }) => [...decodedItems(signal, decodeRequest(signal, body))]);
    for (const { item } of seen) {
      expect(item.attributes).toEqual([
        attributes[0],
        { key: "long", value: { intValue: 9_007_199_254_740_993n } },
        attributes[2],
      ]);
    }
    expect(arrived.map(({ signal }) => signal).sort()).toEqual([...SIGNALS_SENT].sort());
    const spans = arrived
      .filter(({ signal }) => signal === "traces")
      .map(({ body }) => body.includes(Buffer.from(TRACE_ID, "hex")));
    expect(spans).toEqual([true]);
  },
  120_000,
);
