/**
 * The ledger of a deployment that changes under it: an exporter and its pipeline are renamed while the process is killed, then the
 * exporter is removed with a backlog, which is dropped. Nothing accepted is missing from the account, and nothing is in it twice.
 */
import { expect, test } from "vitest";
import { buildRequest } from "../chaos/load.ts";
import { freePorts } from "../rig/free-port.ts";
import { httpClient } from "../rig/otlp-client.ts";
import { choosePorts, type Ports, prepareRondo } from "../rig/rondo-process.ts";
import { testFolder } from "./road.ts";
import { runRondo } from "./run-rondo.ts";
import { startSinkProcess } from "./sink-process.ts";

const ITEMS = 10;

interface Names {
  readonly pipeline: string;
  /** Absent: the exporter is removed. */
  readonly exporter?: string;
}

function yaml(ports: Ports, sinks: readonly number[], { pipeline, exporter }: Names): string {
  const [kept, moved] = sinks.map((port) => `endpoint: "http://127.0.0.1:${port}"`);
  const from = (name: string, first: string) => (name === first ? "" : `renamed_from: ${first}, `);
  const second = exporter && `  ${exporter}: {${from(exporter, "otlp_http/moved")}${moved}}`;
  const exporters = ["otlp_http/kept", ...(exporter === undefined ? [] : [exporter])].join(", ");
  return `receivers: {otlp: {protocols: {http: {endpoint: "127.0.0.1:${ports.http}"}}}}
exporters:
  otlp_http/kept: {${kept}}
${second ?? ""}
service: {pipelines: {${pipeline}: {${from(pipeline, "traces")}receivers: [otlp], exporters: [${exporters}]}}}
`;
}

/** What a test reads of the page. */
interface Page {
  readonly balances: boolean;
  readonly differences: readonly string[];
  readonly notes: readonly string[];
  readonly receivers: readonly { readonly accepted: number }[];
  readonly lines: readonly {
    readonly exporter: string;
    readonly removed: boolean;
    readonly entered: number;
    readonly forwarded: number;
    readonly delivered: number;
    readonly dropped: Readonly<Record<string, number>>;
  }[];
  readonly lag: readonly {
    readonly group: string;
    readonly records: number;
    readonly items: number;
    readonly isExact: boolean;
    readonly removed: boolean;
  }[];
}

test("renamed under kill -9, removed and dropped, an exporter's account stays whole", async () => {
  const folder = testFolder();
  const ports = await choosePorts();
  const sinkPorts = await freePorts(2);
  const [kept = 0, moved = 0] = sinkPorts;
  const sink = await startSinkProcess([
    { name: "kept", speaks: "http", port: kept },
    { name: "moved", speaks: "http", port: moved },
  ]);
  const client = httpClient({ port: ports.http, timeoutMs: 5_000 });
  let requests = 0;
  let acked = 0;
  const send = async () => {
    const body = buildRequest("traces", 1, requests++ * ITEMS, ITEMS, requests % 8);
    if ((await client.send("traces", body)).kind === "accepted") acked += ITEMS;
  };
  const start = async (names: Names, flags: readonly string[] = []) => {
    const rondo = prepareRondo(folder, ports, yaml(ports, sinkPorts, names), { flags });
    rondo.launch();
    await rondo.ready();
    return rondo;
  };
  const ledger = async (): Promise<Page> => {
    const { out, err } = await runRondo([
      "ledger",
      "--config",
      `${folder}/rondo.yaml`,
      "--data",
      `${folder}/data`,
      "--json",
    ]);
    expect(err).toBe("");
    // What the command prints, of which this is a part.
    return JSON.parse(out) as Page;
  };
  const atRest = async (open: number) => {
    const behind = ({ lag }: Page) => lag.filter(({ records }) => records > 0).length;
    await expect.poll(async () => behind(await ledger()), { timeout: 20_000, interval: 300 }).toBe(open);
    const page = await ledger();
    expect(page).toMatchObject({ balances: true, differences: [], notes: [] });
    return page;
  };

  const renames: readonly Names[] = [
    { pipeline: "traces", exporter: "otlp_http/moved" },
    { pipeline: "traces", exporter: "otlp_http/one" },
    { pipeline: "traces/two", exporter: "otlp_http/two" },
    { pipeline: "traces/two", exporter: "otlp_http/moved" },
  ];
  for (const names of renames) {
    const rondo = await start(names);
    await Promise.all(Array.from({ length: 10 }, send));
    const last = Promise.all(Array.from({ length: 10 }, send));
    await rondo.kill();
    await last;
  }
  const rondo = await start({ pipeline: "traces/three", exporter: "otlp_http/three" });
  await send();
  const page = await atRest(0);
  const [pipeline, ...exporters] = page.lines;
  expect(page.lines.map(({ exporter }) => exporter)).toEqual(["", "otlp_http/kept", "otlp_http/three"]);
  expect(pipeline?.entered).toBeGreaterThanOrEqual(acked);
  for (const { entered, delivered } of exporters)
    expect([entered, delivered]).toEqual([pipeline?.forwarded, pipeline?.forwarded]);
  // Every item has a name of its own: as many arrived as the account says, however often.
  for (const name of ["kept", "moved"])
    expect(await sink.client.ids(name, "traces")).toHaveLength(pipeline?.forwarded ?? 0);
  await rondo.stop();

  const without = await start({ pipeline: "traces/three" });
  for (let request = 0; request < 5; request++) await send();
  const removed = (await atRest(1)).lag.filter((one) => one.removed);
  expect(removed).toMatchObject([{ records: 5, items: 5 * ITEMS, isExact: true }]);
  await without.stop();

  const dropping = await start({ pipeline: "traces/three" }, ["--drop-backlog", "otlp_http/three"]);
  const after = await atRest(0);
  expect(after.lines.find((one) => one.removed)).toMatchObject({
    entered: (pipeline?.forwarded ?? 0) + 5 * ITEMS,
    delivered: pipeline?.forwarded,
    dropped: { "otlp_http/moved/backlog_dropped": 5 * ITEMS },
  });
  expect(after.lag.filter((one) => one.removed)).toEqual([]);
  expect(await dropping.stop()).toBe(0);
  client.close();
  expect((await sink.stop()).code).toBe(0);
}, 120_000);
