/** `rondo up` in its own process, reached through a real port. What it accepts its worker reads and a debug exporter prints. */
import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { SIGNALS } from "@rondo/otlp";
import { sumOf } from "../rig/metrics-page.ts";
import { choosePorts, type Ports, prepareRondo } from "../rig/rondo-process.ts";
import { grpcFuzzClient } from "./grpc-target.ts";
import { httpFuzzClient } from "./http-target.ts";
import { settled } from "./run.ts";
import type { Target, Transport } from "./target.ts";

/** How long the worker may be behind what was accepted. */
const BEHIND_MS = 60_000;

const yamlOf = ({ grpc, http }: Ports) => `receivers:
  otlp: {protocols: {grpc: {endpoint: "127.0.0.1:${grpc}"}, http: {endpoint: "127.0.0.1:${http}"}}}
processors:
  attributes: {actions: [{key: fuzz, value: seen, action: upsert}]}
exporters: {debug: {verbosity: basic}}
service:
  pipelines:
${SIGNALS.map((signal) => `    ${signal}: {receivers: [otlp], processors: [attributes], exporters: [debug]}`).join("\n")}
`;

/** Starts the process in `folder`, and gives a way in over one transport. */
export async function realPort(transport: Transport, folder: string): Promise<Target> {
  const ports = await choosePorts();
  const rondo = prepareRondo(folder, ports, yamlOf(ports));
  rondo.launch();
  await rondo.ready();
  const { pid } = rondo;
  const open = () => connect({ port: ports[transport], host: "127.0.0.1", noDelay: true });
  const client = transport === "grpc" ? grpcFuzzClient(open) : httpFuzzClient(open);
  let read = 0;
  return {
    send: client.send,
    memory() {
      const kibibytes = /^RssAnon:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "latin1"))?.[1];
      return Number(kibibytes) * 1024;
    },
    async check() {
      // Throws when it is gone.
      if (rondo.pid !== pid) throw new Error("the process is another one");
      const said = rondo.logged().slice(read);
      read += said.length;
      const errors = said.split("\n").filter((line) => /"level":"(?:error|fatal)"/.test(line));
      if (errors.length > 0) throw new Error(`the process logged ${errors.slice(0, 3).join("; ")}`);
      const through = await settled(async () => {
        const page = await rondo.metrics();
        const accepted = sumOf(page, "rondo_items_accepted_total");
        return sumOf(page, "rondo_items_delivered_total") >= accepted;
      }, BEHIND_MS);
      if (!through) throw new Error("what was accepted was not delivered");
      const page = await rondo.metrics();
      for (const lost of ["rondo_items_dropped_total", "rondo_items_dead_lettered_total"]) {
        if (sumOf(page, lost) > 0) throw new Error(`${lost} is ${sumOf(page, lost)}`);
      }
    },
    async [Symbol.asyncDispose]() {
      client.close();
      await rondo.stop();
    },
  };
}
