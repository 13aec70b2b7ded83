import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openEmbedded } from "@rondo/broker/embedded";
import { silentLog, systemClock } from "@rondo/core";
import { brokerContract } from "./broker-contract.ts";
import { stateContract } from "./state-contract.ts";

const opened = async (options: { readonly segmentBytes?: number; readonly tailCacheBytes?: number } = {}) => {
  const directory = await mkdtemp(join(tmpdir(), "rondo-contract-"));
  const open = () => openEmbedded({ directory, clock: systemClock, log: silentLog, ...options });
  const first = await open();
  let broker = first;
  return {
    broker: first,
    state: first.state,
    async restart() {
      await broker.close();
      broker = await open();
      return broker;
    },
    async dispose() {
      await broker.close();
      await rm(directory, { recursive: true });
    },
  };
};

brokerContract("the embedded broker", { prefix: "", open: () => opened() });
brokerContract("the embedded broker with tiny files and no cache", {
  prefix: "",
  open: () => opened({ segmentBytes: 1024, tailCacheBytes: 0 }),
});
stateContract("the embedded broker's state", {
  prefix: "k",
  async open() {
    const under = await opened();
    return { ...under, restart: async () => (await under.restart()).state };
  },
});
