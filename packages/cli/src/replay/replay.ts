/** Sends a recording through real protocols at its own pace, and answers for every item: acknowledged, rejected or given up. */
import { gzipSync } from "node:zlib";
import { type Clock, Fault, type Random, sleep } from "@rondo/core";
import { SIGNALS, type Signal } from "@rondo/otlp";
import { identities } from "../sink/identity.ts";
import { laneOf } from "./lane.ts";
import { assertReachable } from "./reachable.ts";
import type { Recorded, Recording } from "./recording.ts";
import type { Outgoing, Sender, Sent } from "./send.ts";
import { grpcSender } from "./send-grpc.ts";
import { httpSender } from "./send-http.ts";
import { rangeOf, shifted, type TimeShift, type Times, timeShift } from "./timeline.ts";

/** What a replay needs. At least one of `http` and `grpc` is given; with one, everything goes there. */
export interface ReplayOptions {
  readonly recording: Recording;
  /** The base URL of an OTLP/HTTP receiver, such as `http://127.0.0.1:4318`. */
  readonly http?: string;
  /** `HOST:PORT` of an OTLP/gRPC receiver. */
  readonly grpc?: string;
  /** How many times faster than recorded; 0 is as fast as possible. */
  readonly speed: number;
  readonly times: Times;
  /** Milliseconds since the epoch that the first time is moved to; absent means `defaultStart`. */
  readonly startMs?: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly abort: AbortSignal;
  /** Called after each request that came to an end. */
  readonly onProgress?: (progress: Progress) => void;
  /** A request that was not acknowledged for this long is given up; milliseconds. */
  readonly patienceMs?: number;
}

/** Items of one signal. */
export interface Tally {
  /** Items of requests that were due. */
  readonly sent: number;
  readonly acked: number;
  /** Rejected for good by a partial success. */
  readonly rejected: number;
  /** Refused for good, or not acknowledged within the patience. */
  readonly givenUp: number;
  /** Tries beyond the first, in requests. */
  readonly retries: number;
}

/** How far a replay is. */
export interface Progress {
  readonly requests: number;
  readonly of: number;
  readonly tallies: Readonly<Record<Signal, Tally>>;
}

/** How a replay ended. */
export interface ReplayResult extends Progress {
  /** The shift that was applied; undefined when times were kept. `expectedIdentities` takes it. */
  readonly shift: TimeShift | undefined;
  /** One sentence for each different reason why items were not acknowledged, with how often it came. */
  readonly troubles: ReadonlyMap<string, number>;
  /** Every request was sent, and every item of it acknowledged. */
  readonly complete: boolean;
}

/** Requests under way at a time, over all clients. */
const MAX_IN_FLIGHT = 32;

/** Two minutes: longer than a gateway takes to restart. */
const PATIENCE_MS = 120_000;

/** Waits between tries, as SDKs do: from 250 ms, half as much again each time up to 5 s, give or take a fifth. */
const BACK_OFF = { firstMs: 250, factor: 1.5, maxMs: 5000, jitter: 0.2 };

/** Different troubles that are kept apart. */
const MAX_TROUBLES = 20;

/**
 * Where times start when nobody says: now. As fast as possible, they start a recording's length ago instead, because
 * all of it is sent now and nothing should lie in the future.
 */
export function defaultStart(recording: Recording, speed: number, nowMs: number): number {
  const range = speed === 0 ? rangeOf(recording) : undefined;
  return range === undefined ? nowMs : nowMs - Number((range.last - range.first) / 1_000_000n);
}

/**
 * Replays. Rejects with a Fault `config` for a wrong address, `unavailable` when nothing listens there at the start;
 * what happens to requests after that is in the result. When `abort` fires, what is under way is cut and given up.
 */
export async function replay(options: ReplayOptions): Promise<ReplayResult> {
  const { recording, speed, times, clock, abort } = options;
  const startMs = options.startMs ?? defaultStart(recording, speed, clock.now());
  const shift = times === "shift" ? timeShift(recording, speed, startMs) : undefined;
  const senders = await openSenders(options);
  const run = new Run(options, recording.length);
  try {
    const lanes = new Map<string, Promise<void>>();
    const began = clock.monotonic();
    const t0 = recording[0]?.t ?? 0;
    for (const one of recording) {
      const request = outgoing(one, shift);
      const due = speed === 0 ? 0 : began + ((one.t - t0) * 1000) / speed - clock.monotonic();
      if (due > 0) await sleep(clock, due, abort);
      await run.room();
      if (abort.aborted) break;
      const lane = laneOf(one);
      const before = lanes.get(lane) ?? Promise.resolve();
      lanes.set(lane, run.start(before, senders[one.via], request));
    }
    await Promise.all(lanes.values());
    return run.result(shift);
  } finally {
    for (const sender of Object.values(senders)) sender.close();
  }
}

/** The counting and trying of one replay. */
class Run {
  readonly #options: ReplayOptions;
  readonly #of: number;
  readonly #tallies: Record<Signal, { -readonly [K in keyof Tally]: number }>;
  readonly #troubles = new Map<string, number>();
  #requests = 0;
  #inFlight = 0;
  #waiting: (() => void) | undefined;

  constructor(options: ReplayOptions, of: number) {
    this.#options = options;
    this.#of = of;
    const empty = () => ({ sent: 0, acked: 0, rejected: 0, givenUp: 0, retries: 0 });
    this.#tallies = { traces: empty(), metrics: empty(), logs: empty() };
  }

  /** Resolves when another request may start. */
  room(): Promise<void> {
    if (this.#inFlight < MAX_IN_FLIGHT) return Promise.resolve();
    return new Promise((resolve) => {
      this.#waiting = resolve;
    });
  }

  /** Sends once `before` has resolved; resolves when the request has come to its end. */
  start(before: Promise<void>, sender: Sender, request: Outgoing): Promise<void> {
    this.#inFlight += 1;
    const items = identities(request.signal, request.body).length;
    this.#tallies[request.signal].sent += items;
    return before
      .then(() => this.#sendUntilDone(sender, request))
      .then((sent) => {
        const tally = this.#tallies[request.signal];
        if (sent.kind === "acked") {
          const rejected = Math.min(items, sent.rejected);
          tally.acked += items - rejected;
          tally.rejected += rejected;
          if (rejected > 0) this.#trouble(`${sender.target} rejected items: ${sent.message}`);
        } else {
          tally.givenUp += items;
          this.#trouble(`${sender.target}: ${sent.why}`);
        }
        this.#requests += 1;
        this.#inFlight -= 1;
        this.#waiting?.();
        this.#options.onProgress?.(this.#progress());
      });
  }

  /** Tries until it is acknowledged, refused for good, or `patienceMs` have passed since the first try. */
  async #sendUntilDone(sender: Sender, request: Outgoing): Promise<Sent> {
    const { clock, random, abort, patienceMs = PATIENCE_MS } = this.#options;
    const began = clock.monotonic();
    let wait = BACK_OFF.firstMs;
    for (;;) {
      const sent = await sender.send(request, abort);
      if (sent.kind !== "retry") return sent;
      const pause = Math.max(sent.afterMs ?? 0, wait * (1 + BACK_OFF.jitter * (2 * random() - 1)));
      const left = began + patienceMs - clock.monotonic();
      if (abort.aborted) return { kind: "refused", why: `interrupted; the last try: ${sent.why}` };
      if (pause >= left) return { kind: "refused", why: `given up after ${patienceMs / 1000} s: ${sent.why}` };
      this.#tallies[request.signal].retries += 1;
      await sleep(clock, pause, abort);
      wait = Math.min(BACK_OFF.maxMs, wait * BACK_OFF.factor);
    }
  }

  /** Counts a reason; one for every request would be no help to the reader. */
  #trouble(what: string): void {
    const known = this.#troubles.has(what) || this.#troubles.size < MAX_TROUBLES ? what : "other reasons";
    this.#troubles.set(known, (this.#troubles.get(known) ?? 0) + 1);
  }

  #progress(): Progress {
    return { requests: this.#requests, of: this.#of, tallies: structuredClone(this.#tallies) };
  }

  result(shift: TimeShift | undefined): ReplayResult {
    const progress = this.#progress();
    const all = SIGNALS.every((signal) => progress.tallies[signal].acked === progress.tallies[signal].sent);
    return { ...progress, shift, troubles: this.#troubles, complete: all && progress.requests === progress.of };
  }
}

/** Re-compressed after the shift; as recorded when nothing was shifted. */
function outgoing(one: Recorded, shift: TimeShift | undefined): Outgoing {
  const { signal, encoding } = one;
  if (shift === undefined) return { signal, encoding, body: one.body, wire: one.sent };
  const body = shifted(one, shift);
  return { signal, encoding, body, wire: encoding === "gzip" ? gzipSync(body) : body };
}

/** A Sender for each protocol of the recording; with one address both are the same. */
async function openSenders({ http, grpc, clock }: ReplayOptions): Promise<Record<"http" | "grpc", Sender>> {
  if (http === undefined && grpc === undefined) {
    throw new Fault("config", "a replay needs an address: --http URL, --grpc HOST:PORT, or both");
  }
  const base = http === undefined ? undefined : await assertReachable("--http", http);
  if (grpc !== undefined) await assertReachable("--grpc", grpc);
  const overHttp = base && httpSender(base, () => clock.now());
  const overGrpc = grpc === undefined ? undefined : grpcSender(grpc, () => clock.now());
  const [first, second] = [overHttp ?? overGrpc, overGrpc ?? overHttp];
  if (first === undefined || second === undefined) throw new Fault("bug", "a replay without a sender");
  return { http: first, grpc: second };
}
