/** A disk that runs full. */
import { setTimeout as pause } from "node:timers/promises";
import { between } from "../../rig/random.ts";
import type { Attack, EmbeddedScene, FaultCase } from "../fault.ts";

function runFull(random: () => number, killed: boolean): Attack<EmbeddedScene> {
  const forMs = between(random, 1_000, 5_000);
  return {
    text: `no byte is free for ${forMs} ms${killed ? ", killed meanwhile" : ""}`,
    async run({ rondo, resize, load, backends }) {
      if (resize === undefined) throw new Error("the disk is not its own");
      // That an answer was lost cannot be written down on a full disk, and a kill forgets it: items would come more often than counted.
      for (const backend of Object.values(backends)) backend.treat("calm");
      const refusals = () => [...load().refused.values()].reduce((sum, times) => sum + times, 0);
      const [at, before] = [performance.now(), refusals()];
      resize("what is there");
      await pause(forMs);
      const problems = refusals() > before ? [] : ["nothing was refused while the disk was full"];
      if (killed) await rondo.kill();
      resize("large");
      if (killed) rondo.launch();
      await rondo.ready();
      for (const backend of Object.values(backends)) backend.treat("moody");
      return { at, until: performance.now(), problems };
    },
  };
}

/** No space left. */
export const disk: FaultCase = {
  id: "F10",
  title: "The disk is full",
  breaks:
    "the disk of the data directory becomes as small as what is on it; in every second round Rondo is killed on the full disk",
  heals: "there is space again; it goes on by itself, or is started",
  checks: "requests are refused meanwhile, with an answer that lets clients come back",
  ownDisk: true,
  embedded: [
    { name: "goes on", draw: (random) => runFull(random, false) },
    { name: "killed", draw: (random) => runFull(random, true) },
  ],
};
