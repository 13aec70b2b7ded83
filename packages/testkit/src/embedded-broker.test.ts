import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type FileSystem, nodeFileSystem, openEmbedded } from "@rondo/broker/embedded";
import { type Clock, silentLog, systemClock } from "@rondo/core";
import { brokerContract } from "./broker-contract.ts";
import { stateContract } from "./state-contract.ts";

const opened = async (options: { readonly segmentBytes?: number; readonly tailCacheBytes?: number } = {}) => {
  const directory = await mkdtemp(join(tmpdir(), "rondo-contract-"));
  let aheadMs = 0;
  // What the log does now and then it does at once when time is moved.
  const timers = new Set<() => void>();
  const clock: Clock = {
    now: () => systemClock.now() + aheadMs,
    monotonic: () => systemClock.monotonic(),
    after(_, run) {
      timers.add(run);
      return () => timers.delete(run);
    },
  };
  let isOut = false;
  const fs: FileSystem = {
    ...nodeFileSystem,
    async open(path, mode) {
      const file = await nodeFileSystem.open(path, mode);
      const writev: typeof file.writev = (chunks, position) =>
        isOut
          ? Promise.reject(Object.assign(new Error("EIO: out on purpose"), { code: "EIO" }))
          : file.writev(chunks, position);
      return { ...file, writev };
    },
  };
  const open = () => openEmbedded({ directory, clock, fs, log: silentLog, retentionMs: 3_600_000, ...options });
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
    async expire() {
      aheadMs += 2 * 3_600_000;
      for (const run of [...timers]) run();
    },
    async damage(_: string, __: number, text: string) {
      for (const name of await readdir(directory, { recursive: true })) {
        if (!name.endsWith(".log")) continue;
        const path = join(directory, name);
        const bytes = await readFile(path);
        const at = bytes.indexOf(text);
        if (at >= 0) await writeFile(path, bytes.fill("?", at, at + 1));
      }
    },
    async outage() {
      isOut = true;
      return async () => {
        isOut = false;
      };
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
