/** `rondo ledger`: the account as it stands in the log, with the place of any difference. Rules of the log 6. */
import { resolve } from "node:path";
import { type Clock, type Random, silentLog } from "@rondo/core";
import { type PrintOptions, printLedger } from "../ledger/print-ledger.ts";
import { readLedger } from "../ledger/read-ledger.ts";
import { loadGraph } from "../load.ts";
import { openLog } from "../open-log.ts";
import { EXIT, type Out } from "../out.ts";

/** The options as the command line gives them. */
export interface LedgerOptions extends PrintOptions {
  readonly config: readonly string[];
  readonly set: readonly string[];
  readonly data: string;
}

/** Prints the account. Returns 0 when it balances, 1 when it does not or the log cannot be read, 2 for a wrong configuration. */
export async function ledgerCommand(
  options: LedgerOptions,
  { out, clock, random }: { readonly out: Out; readonly clock: Clock; readonly random: Random },
): Promise<number> {
  const graph = await loadGraph(options, out);
  if (graph === undefined) return EXIT.usage;
  // Read-only, so that it can be asked beside a running process; a log that is not there is not made by asking.
  const settings = { settings: graph.broker, data: resolve(options.data), readOnly: true, clientId: "rondo/ledger" };
  const broker = await openLog({ ...settings, clock, random, log: silentLog });
  try {
    return printLedger(await readLedger(graph, broker, clock), out, options);
  } finally {
    await broker.close();
  }
}
