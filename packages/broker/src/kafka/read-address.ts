/** How brokers are written in a configuration: `host:port`. */
import { Fault } from "@rondo/core";
import type { Address } from "./exchange.ts";

/** TCP has no higher one. */
const MOST_PORT = 65_535;

/** Reads `host:port`, also `[v6]:port`. Throws a `config` Fault. */
export function readAddress(text: string): Address {
  const [, v6, host = v6, port] = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(text) ?? [];
  if (host === undefined || port === undefined || Number(port) === 0 || Number(port) > MOST_PORT) {
    throw new Fault("config", `"${text}" is no Kafka broker; write host:port`);
  }
  return { host, port: Number(port) };
}
