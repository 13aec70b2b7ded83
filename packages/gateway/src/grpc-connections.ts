/**
 * The HTTP/2 connections of a gRPC listener: how much they may send ahead, when idle, old, silent and abusive ones end, and how all
 * of them are told to go elsewhere. One timer looks after every connection and call.
 */
import http2, { type Http2Session, type ServerHttp2Session } from "node:http2";
import type { Socket } from "node:net";
import type { Clock } from "@rondo/core";
import { HEADER_BYTES } from "./grpc-head.ts";
import { closed } from "./listener.ts";
import { type ReadingTurns, readingTurns, SMALL_BYTES } from "./reading-turns.ts";
import { SocketReading } from "./socket-reading.ts";

/** What one call, and one connection, may send before we have read it. Node's 64 KiB stall every larger upload. */
const STREAM_WINDOW = 4 << 20;
const CONNECTION_WINDOW = 16 << 20;

/**
 * What Node lets a connection hold, in its unit of a million bytes, before it resets new calls with ENHANCE_YOUR_CALM, which gRPC's
 * clients take for final: as good as no bound. The windows and the admission account bound what calls bring, and Node's default of
 * 10 is less than a window.
 */
const SESSION_MEMORY = 1_000;

/**
 * Calls that a client may reset a second, and at once, before its connection ends. A client that is answered before it has sent
 * everything resets its call, so that many who are refused together would lose their connection by nghttp2's own 33 and 1000. A rapid
 * reset sends as many in a second or less, and ends there.
 */
const RESETS = { streamResetRate: 300, streamResetBurst: 1_500 };

/** A connection that has not said HTTP/2 after this is cut. */
const HANDSHAKE_MS = 10_000;

const SWEEP_MS = 1_000;

/** What a peer has, after its session ended, to end its side: Node waits for that without a limit. */
const LINGER_MS = 3_000;

/** SETTINGS that a peer may send in the time of a sweep; each costs us an answer, and real clients send one or two in all. */
const SETTINGS_PER_SWEEP = 20;

/** PINGs that come too early before a connection is ended, and how rare they must be while there are no calls: as grpc-go. */
const PING_STRIKES = 2;
const IDLE_PING_MS = 7_200_000;

/** The part of its age by which connections of the same age end apart, so that they do not come back together. */
const AGE_SPREAD = 0.1;
const GOLDEN = 0.618_033_988_749_895;

/** When connections end, in milliseconds; 0 is never. */
export interface ConnectionRules {
  /** Calls that one connection may have open. */
  readonly maxCalls: number;
  /** Time without a call. */
  readonly idleMs: number;
  /** Time since the connection was made, and what its open calls have then. */
  readonly ageMs: number;
  readonly ageGraceMs: number;
  /** Time without a sign of life, and until the sign must come that is then asked for. */
  readonly silentMs: number;
  readonly silentTimeoutMs: number;
  /** The least time between a client's PINGs while it has calls. */
  readonly pingMs: number;
  /** Whether that is enough for clients without calls, too. */
  readonly pingWithoutCalls: boolean;
}

/** Something on a connection that must end in time. */
export interface OpenCall {
  /** Ends it when its time is over; `now` is monotonic. */
  endIfLate(now: number): void;
}

/** One connection. */
export interface Connection {
  /** Beneath it, a TLSSocket where there is TLS. */
  readonly socket: Socket;
  /** Puts a call under watch, until `ended`. */
  opened(call: OpenCall): void;
  ended(call: OpenCall): void;
  /** Notes that something was sent: PINGs that answer it are no abuse. */
  sent(): void;
  /** Notes that so many bytes of a message have arrived: the connection waits for its turn when they were too many. */
  arrived(bytes: number): void;
}

/** The connections of one listener. */
export interface Connections {
  /** To be bound by whoever made it. */
  readonly server: http2.Http2Server;
  /** The connection of a session; undefined when it is gone. */
  of(session: Http2Session | undefined): Connection | undefined;
  /** Lets calls end and connections go, after telling clients to go elsewhere (GOAWAY). */
  drain(): void;
  /** Cuts every connection and resolves when all are gone. */
  close(): Promise<void>;
}

/** Makes the HTTP/2 server of a listener. */
export function grpcConnections(rules: ConnectionRules, clock: Clock): Connections {
  const server = http2.createServer({
    maxSessionMemory: SESSION_MEMORY,
    ...RESETS,
    settings: {
      initialWindowSize: STREAM_WINDOW,
      maxConcurrentStreams: rules.maxCalls,
      maxHeaderListSize: HEADER_BYTES,
    },
  });
  const open = new Map<Http2Session, Watched>();
  const turns = readingTurns(clock);
  let made = 0;
  let sweeping = false;

  const sweepSoon = () => {
    if (sweeping || open.size === 0) return;
    sweeping = true;
    clock.after(SWEEP_MS, sweep, { background: true });
  };
  const sweep = () => {
    sweeping = false;
    const now = clock.monotonic();
    for (const connection of open.values()) {
      try {
        connection.sweep(now);
      } catch {
        // Nobody is above a timer: what one peer brings about must end neither the process nor the watch over the others.
        connection.cut();
      }
    }
    sweepSoon();
  };

  // Before the session of a socket is made, which then lends out everything of the socket except its end.
  let beneath: Socket;
  server.prependListener("connection", (socket: Socket) => {
    beneath = socket;
  });
  server.on("session", (session) => {
    session.setLocalWindowSize(CONNECTION_WINDOW);
    const spread = 1 + AGE_SPREAD * ((++made * GOLDEN) % 1);
    open.set(session, new Watched(session, beneath, { ...rules, ageMs: rules.ageMs * spread }, clock, turns));
    beneath.once("close", () => open.delete(session));
    sweepSoon();
  });

  return {
    server,
    of: (session) => session && open.get(session),
    drain() {
      server.close();
      for (const session of open.keys()) session.close();
    },
    close: () =>
      closed(server, () => {
        for (const connection of open.values()) connection.cut();
      }),
  };
}

class Watched implements Connection {
  readonly socket: Socket;
  readonly #session: ServerHttp2Session;
  readonly #beneath: Socket;
  readonly #reading: SocketReading;
  readonly #turns: ReadingTurns;
  readonly #rules: ConnectionRules;
  readonly #clock: Clock;
  readonly #calls = new Set<OpenCall>();
  readonly #made: number;
  /** When the last call ended, and when the peer last gave a sign of life. */
  #idleSince: number;
  #heard: number;
  #greeted = false;
  #settings = 0;
  /** When we asked for a sign of life that has not come. */
  #asked: number | undefined;
  /** When the connection was told to go. */
  #leaving: number | undefined;
  /** When its session was first seen to have ended. */
  #over: number | undefined;
  #strikes = 0;
  #pinged = Number.NEGATIVE_INFINITY;
  #sentSincePing = false;
  /** Bytes that its turn does not know of yet: HTTP/2 cuts what is large into frames of 16 KiB and less. */
  #uncounted = 0;

  constructor(session: ServerHttp2Session, beneath: Socket, rules: ConnectionRules, clock: Clock, turns: ReadingTurns) {
    this.socket = session.socket;
    this.#session = session;
    this.#beneath = beneath;
    this.#reading = new SocketReading(beneath);
    this.#turns = turns;
    this.#rules = rules;
    this.#clock = clock;
    this.#made = clock.monotonic();
    this.#idleSince = this.#made;
    this.#heard = this.#made;
    session.on("remoteSettings", () => {
      this.#greeted = true;
      if (++this.#settings > SETTINGS_PER_SWEEP) this.#calm("too_many_settings");
    });
    session.on("ping", () => this.#ping());
  }

  opened(call: OpenCall): void {
    this.#calls.add(call);
    this.#heard = this.#clock.monotonic();
  }

  ended(call: OpenCall): void {
    this.#calls.delete(call);
    this.#idleSince = this.#clock.monotonic();
  }

  sent(): void {
    this.#sentSincePing = true;
  }

  arrived(bytes: number): void {
    this.#uncounted += bytes;
    if (this.#uncounted < SMALL_BYTES) return;
    this.#turns.read(this.#reading, this.#uncounted);
    this.#uncounted = 0;
    // What the session writes lets it read again, before its turn.
    if (this.#reading.isPaused()) this.#reading.pause();
  }

  /** Ends session and socket, whatever the peer does. */
  cut(): void {
    this.#session.destroy();
    this.#beneath.destroy();
  }

  sweep(now: number): void {
    const { idleMs, ageMs, ageGraceMs } = this.#rules;
    if (this.#session.destroyed) {
      this.#over ??= now;
      if (now - this.#over >= LINGER_MS) this.#beneath.destroy();
      return;
    }
    this.#settings = 0;
    this.#reading.catchUp();
    if (!this.#greeted) {
      if (now - this.#made >= HANDSHAKE_MS) this.#session.destroy();
      return;
    }
    for (const call of this.#calls) call.endIfLate(now);
    if (this.#leaving !== undefined) {
      if (ageGraceMs > 0 && now - this.#leaving >= ageGraceMs) this.#session.destroy();
      return;
    }
    const idle = idleMs > 0 && this.#calls.size === 0 && now - this.#idleSince >= idleMs;
    if (idle || (ageMs > 0 && now - this.#made >= ageMs)) {
      this.#leaving = now;
      this.#session.close();
    } else {
      this.#askIfSilent(now);
    }
  }

  #askIfSilent(now: number): void {
    const { silentMs, silentTimeoutMs } = this.#rules;
    if (this.#asked !== undefined) {
      if (silentTimeoutMs > 0 && now - this.#asked >= silentTimeoutMs) this.#session.destroy();
    } else if (silentMs > 0 && now - this.#heard >= silentMs) {
      this.#asked = now;
      this.#session.ping(() => {
        this.#asked = undefined;
        this.#heard = this.#clock.monotonic();
      });
    }
  }

  /** Counts PINGs that come too early. What we sent since the last one may have caused it: clients measure the road so. */
  #ping(): void {
    const now = this.#clock.monotonic();
    const since = now - this.#pinged;
    this.#pinged = now;
    this.#heard = now;
    if (this.#sentSincePing) {
      this.#sentSincePing = false;
      this.#strikes = 0;
      return;
    }
    const { pingMs, pingWithoutCalls } = this.#rules;
    const least = this.#calls.size === 0 && !pingWithoutCalls ? IDLE_PING_MS : pingMs;
    if (since < least && ++this.#strikes > PING_STRIKES) this.#calm("too_many_pings");
  }

  /** Ends an abusive connection, and says why. */
  #calm(why: string): void {
    if (this.#session.destroyed) return;
    this.#session.goaway(http2.constants.NGHTTP2_ENHANCE_YOUR_CALM, 0, Buffer.from(why));
    this.#session.destroy();
  }
}
