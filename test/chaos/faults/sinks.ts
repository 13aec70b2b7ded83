/** Faults of backends: each answer and each silence that an exporter can meet, one backend at a time. */
import { setTimeout as pause } from "node:timers/promises";
import { between } from "../../rig/random.ts";
import type { Mood } from "../backend.ts";
import { OTLP, OTLP_HTTP } from "../config.ts";
import type { Attack, FaultCase, Scene, Variant } from "../fault.ts";

type Road = Scene["backends"][typeof OTLP]["road"];

/** What a backend does: a mood, or something about the road to it. */
interface Misbehaviour {
  readonly name: string;
  readonly mood?: Mood;
  /** Does something to the road at every beat until it is over, and mends it then. */
  readonly road?: { readonly beat: (road: Road) => void; readonly mend?: (road: Road) => void };
}

const status = (http: number, grpc: number, delayS?: number) => ({
  http,
  grpc,
  ...(delayS !== undefined && { delayS }),
});
const later = (reply: Mood["reply"]): Mood => ({ reply, takes: "not now" });
const never = (reply: Mood["reply"]): Mood => ({ reply, takes: "never" });
const taken = (reply: Mood["reply"], afterMs = 0): Mood => ({ reply, takes: "always", afterMs });
/** What was sent before this has had its answer, milliseconds. */
const CALM_MS = 1_000;
/** Between two beats, milliseconds. */
const BEAT_MS = 40;
/** How much longer a fault lasts at most while something is still on its way to the other backend: on a machine that is busy. */
const LONGER_MS = 20_000;

/** gRPC beside HTTP: RESOURCE_EXHAUSTED, INTERNAL, UNAVAILABLE, INVALID_ARGUMENT. */
const MISBEHAVIOURS: readonly Misbehaviour[] = [
  { name: "429 with a delay", mood: later(status(429, 8, 1)) },
  { name: "500", mood: later(status(500, 13)) },
  { name: "503", mood: later(status(503, 14)) },
  { name: "400", mood: never(status(400, 3)) },
  { name: "413", mood: never(status(413, 3)) },
  { name: "slow beyond the timeout", mood: taken("accepted", 2_500) },
  { name: "accept and no reply", mood: later("hang") },
  {
    name: "half open",
    road: {
      beat: (road) => road.set({ blackhole: "both" }),
      mend(road) {
        road.set();
        road.reset();
      },
    },
  },
  { name: "reset in the middle of a body", road: { beat: (road) => road.reset() } },
  { name: "reset in the middle of an answer", mood: taken("torn") },
  { name: "an answer without end", mood: taken("endless") },
];

/** One backend misbehaves, the other must not notice. */
function misbehave({ name, mood, road }: Misbehaviour, random: () => number): Attack<Scene> {
  const [victim, other] = random() < 0.5 ? ([OTLP, OTLP_HTTP] as const) : ([OTLP_HTTP, OTLP] as const);
  const forMs = between(random, 4_000, 6_000);
  return {
    text: `the backend of ${victim}: ${name}, for ${forMs} ms`,
    loadMs: 1_500,
    async run({ backends, owedTo }) {
      // Nothing is to be refused whose first answer was lost: the account would call it dropped, and the ledgers delivered.
      for (const backend of Object.values(backends)) backend.treat("calm");
      await pause(CALM_MS);
      const at = performance.now();
      if (mood !== undefined) backends[victim].treat(mood);
      // What is acknowledged by the middle of the fault has to be at the other backend while this one is broken.
      let left = () => Number.POSITIVE_INFINITY;
      const middle = setTimeout(() => {
        left = owedTo(other);
      }, forMs / 2);
      for (let ms = 0; ms < forMs || (left() > 0 && ms < forMs + LONGER_MS); ms = performance.now() - at) {
        road?.beat(backends[victim].road);
        await pause(BEAT_MS);
      }
      clearTimeout(middle);
      const [until, missing] = [performance.now(), left()];
      road?.mend?.(backends[victim].road);
      for (const backend of Object.values(backends)) backend.treat("moody");
      const waited = `${missing} items had to wait for ${other} while the backend of ${victim} misbehaved`;
      return { at, until, problems: missing > 0 ? [waited] : [] };
    },
  };
}

const VARIANTS: readonly Variant<Scene>[] = MISBEHAVIOURS.map((one) => ({
  name: one.name,
  draw: (random) => misbehave(one, random),
}));

/** A backend misbehaves. */
export const sinks: FaultCase = {
  id: "F8",
  title: "A backend misbehaves",
  breaks:
    "one backend answers 429 with a delay, 500, 503, 400 or 413, is slow, keeps connections without a word, swallows what it is sent, resets connections while a request or an answer is under way, or never ends its answer",
  heals: "it behaves again",
  checks:
    "what was refused for good is counted, item by item; what was acknowledged by the middle of the fault reaches the other backend before its end",
  embedded: VARIANTS,
  kafka3: VARIANTS,
};
