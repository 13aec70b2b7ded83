/** What every exporter that sends over a network must do, against a backend on a real socket. */
import { createServer } from "node:net";
import {
  type AnyExporterType,
  type Batch,
  type Exporter,
  Fault,
  type Log,
  type Place,
  readFields,
  SETTLED,
  type Surroundings,
  silentLog,
  sleep,
  systemClock,
  type Verdict,
} from "@rondo/core";
import { timeout } from "@rondo/delivery";
import type { Carried } from "@rondo/otlp";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { StubBackend } from "./stub-backend.ts";

export type { Behaviour, Received, StubBackend } from "./stub-backend.ts";
export { stubGrpc } from "./stub-grpc.ts";
export { stubHttp } from "./stub-http.ts";

/** An exporter type under test, and the backend that speaks its protocol. */
export interface ExporterCase {
  readonly type: AnyExporterType;
  readonly backend: () => Promise<StubBackend>;
  /** The configuration that sends to 127.0.0.1 at this port. */
  readonly config: (port: number) => Readonly<Record<string, unknown>>;
  /** Of an exporter that does not send a batch's bytes but what it makes of them: a batch of so many items, with a text in it. */
  readonly translated?: (items?: number, text?: string) => Batch;
}

/** Reads a configuration as the real loader does and makes an exporter. Throws a Fault that lists every problem. */
export function makeExporter(
  type: AnyExporterType,
  raw: unknown,
  signal: Carried = "traces",
  log: Log = silentLog,
  headersBy?: Surroundings["headersBy"],
): Exporter {
  const problems: string[] = [];
  const placeAt = (path: string): Place => ({
    path,
    problem: (message) => problems.push(`${path} ${message}`),
    warn: () => {},
    at: (key) => placeAt(`${path}::${key}`),
  });
  const values = readFields(type.fields, raw, placeAt("exporters"));
  if (values !== undefined) type.check?.(values, placeAt("exporters"));
  if (values === undefined || problems.length > 0) throw new Fault("config", problems.join("; "));
  const around = { id: type.type, signal, pipeline: signal, clock: systemClock, random: () => 0.5, log };
  return type.create(values, headersBy === undefined ? around : { ...around, headersBy });
}

/** A batch whose bytes are its own: `items` empty items, each with `text` in it so that sizes vary. */
export function sampleBatch(signal: Carried, items = 3, text = "x"): Batch {
  // Field 2 of the request is unknown to every signal, and the dictionary of profiles: the bytes are legal and distinct, and must come
  // through untouched.
  const note = Buffer.from(text);
  return { signal, tenant: "default", items, body: Buffer.concat([Buffer.from([0x12, note.length]), note]) };
}

const never = () => new AbortController().signal;

/** Runs the contract as a suite of tests. */
export function exporterContract({ type, backend, config, translated }: ExporterCase): void {
  describe(`${type.type}: the contract of exporters`, () => {
    let stub: StubBackend;
    let exporters: Exporter[];
    // Most of the contract is the same for every signal; one that the type takes stands for all.
    const [first = "traces"] = type.signals;
    const sample = translated ?? ((items?: number, text?: string) => sampleBatch(first, items, text));
    const make = (more: object = {}, signal: Carried = first) => {
      const made = makeExporter(type, { ...config(stub.port), ...more }, signal);
      exporters.push(made);
      return made;
    };
    const send = (exporter: Exporter, batch = sample(), abort = never()): Promise<Verdict> =>
      exporter.deliver(batch, abort);

    beforeEach(async () => {
      stub = await backend();
      exporters = [];
    });
    afterEach(async () => {
      for (const exporter of exporters) await exporter.close();
      await stub.stop().catch(() => {});
    });

    // Where a batch's bytes are the request, and the answer counts items.
    if (translated === undefined) {
      // The sample holds a field that OTLP does not know: decoding and encoding it again would lose that.
      test.each(type.signals)("delivers %s byte by byte", async (signal) => {
        const batch = sampleBatch(signal, 2, `to ${signal}`);
        expect(await send(make({}, signal), batch)).toMatchObject(SETTLED);
        expect(stub.received.map((one) => [one.signal, one.body])).toEqual([[signal, Buffer.from(batch.body)]]);
      });

      // Long and repetitive, so that no threshold of a client leaves it uncompressed.
      test.each(["gzip", "none"])("compression %s arrives as what was sent", async (compression) => {
        const body = Buffer.concat(Array.from({ length: 200 }, () => Buffer.from(sample(1, "again").body)));
        await send(make({ compression }), { ...sample(), body });
        expect(stub.received[0]?.body).toEqual(body);
      });

      // OTLP, "Partial Success": the rest is accepted and must not be sent again, and with nothing rejected the message is a
      // warning. A count above what was sent must not put the account out of balance, whatever a backend claims.
      test("a partial success is a drop of what was rejected, never of more than was sent", async () => {
        stub.behave({ kind: "partial", rejected: 2, message: "too old" });
        expect(await send(make())).toMatchObject({
          kind: "settled",
          drops: [{ reason: "backend_rejected", items: 2, detail: "too old" }],
        });
        stub.behave({ kind: "partial", rejected: 99, message: "all" });
        expect(await send(make())).toMatchObject({ kind: "settled", drops: [{ items: 3 }] });
        stub.behave({ kind: "partial", rejected: 0, message: "mind the units" });
        expect(await send(make())).toMatchObject(SETTLED);
      });
    }

    // Connections are what a backend runs out of first.
    test("sends many batches at once over connections that it keeps", async () => {
      const exporter = make();
      const batches = Array.from({ length: 50 }, (_, index) => sample(1, `batch ${index}`));
      await send(exporter);
      const opened = stub.connections;
      for (const batch of batches) expect((await send(exporter, batch)).kind).toBe("settled");
      expect(stub.connections).toBe(opened);
      const verdicts = await Promise.all(batches.map((batch) => send(exporter, batch)));
      expect(verdicts.every(({ kind }) => kind === "settled")).toBe(true);
      expect(stub.received.length).toBe(101);
    });

    // On one line, because these words reach a log, where a line break would forge an entry.
    test("a refusal for good drops the whole batch, with the backend's words on one line", async () => {
      stub.behave({ kind: "refuse", message: "no such\r\ntenant" });
      const verdict = await send(make());
      expect(verdict).toMatchObject({ kind: "settled", drops: [{ reason: "backend_rejected", items: 3 }] });
      expect(JSON.stringify(verdict)).toContain("no such tenant");
    });

    // OTLP, "Throttling": RetryInfo over gRPC, Retry-After over HTTP.
    test("a backend that asks for another try gets it, after the time that it asked for", async () => {
      stub.behave({ kind: "later" });
      const later = await send(make());
      expect(later).toMatchObject({ kind: "retry", fault: { code: "unavailable" } });
      // It has answered: nothing was taken, and a repeat is none.
      expect(later).not.toHaveProperty("unanswered");
      stub.behave({ kind: "later", afterMs: 7_000 });
      expect(await send(make())).toMatchObject({ kind: "retry", afterMs: 7_000 });
    });

    // The request went out whole before the connection broke. Calling it undelivered would make the account claim too little.
    test.each(["reset", "cut"] as const)("a backend that ends with %s may have taken the batch", async (kind) => {
      stub.behave({ kind });
      expect(await send(make())).toMatchObject({ kind: "retry", unanswered: true });
    });

    test.each(["reset", "cut", "garbage", "endless"] as const)(
      "a backend that answers with %s has settled nothing, and the next batch goes through",
      async (kind) => {
        const exporter = make();
        stub.behave({ kind });
        expect(await send(exporter)).toMatchObject({ kind: "retry" });
        stub.behave({ kind: "accept" });
        await vi.waitFor(async () => expect((await send(exporter)).kind).toBe("settled"), {
          timeout: 4_000,
          interval: 100,
        });
      },
      10_000,
    );

    // Three times, so that a client which gives its connection up after some silent tries does so here as well.
    test("a backend that says nothing is a retry after the timeout, and does not spoil the next try", async () => {
      const exporter = make();
      const deliver = timeout(200, systemClock)(exporter.deliver);
      stub.behave({ kind: "hang" });
      for (let tries = 0; tries < 3; tries++) {
        expect(await deliver(sample(), never())).toMatchObject({ fault: { code: "unavailable" } });
      }
      stub.behave({ kind: "accept" });
      expect((await send(exporter)).kind).toBe("settled");
    });

    // Aborts come with every partition that moves: what stays open after one adds up.
    test("an abort ends a try at once and leaves nothing open behind it", async () => {
      const exporter = make();
      stub.behave({ kind: "hang" });
      const stop = new AbortController();
      const verdict = send(exporter, sample(), stop.signal);
      await vi.waitFor(() => expect(stub.received.length).toBe(1));
      stop.abort();
      expect(await verdict).toMatchObject({ kind: "retry", fault: { code: "aborted" } });
      expect(await send(exporter, sample(), AbortSignal.abort())).toMatchObject({
        fault: { code: "aborted" },
      });
      expect(stub.received.length).toBe(1);
      await exporter.close();
      await vi.waitFor(() => expect(stub.connections).toBe(0), { timeout: 4_000 });
    });

    // A drain ends here; a request that went out after it would be one that nobody counts.
    test("close ends the tries in flight and every connection; nothing is sent after it", async () => {
      const exporter = make();
      await send(exporter);
      stub.behave({ kind: "hang" });
      const open = [send(exporter), send(exporter)];
      await vi.waitFor(() => expect(stub.received.length).toBe(3));
      await exporter.close();
      for (const verdict of await Promise.all(open)) expect(verdict).toMatchObject({ fault: { code: "aborted" } });
      await vi.waitFor(() => expect(stub.connections).toBe(0), { timeout: 4_000 });
      expect(await send(exporter)).toMatchObject({ kind: "retry", fault: { code: "aborted" } });
    });

    // What a client library keeps of an absence must not outlast it by much: its back-off is capped.
    test("a backend that is away is a retry that names the address, and is used again soon after its return", async () => {
      const exporter = make();
      expect((await send(exporter)).kind).toBe("settled");
      await stub.stop();
      // Long enough for the back-off between connections that a client has of its own to have grown beyond what is allowed.
      const until = systemClock.monotonic() + 6_000;
      while (systemClock.monotonic() < until) {
        const verdict = await send(exporter);
        expect(verdict).toMatchObject({ kind: "retry", fault: { code: "unavailable" } });
        if (verdict.kind === "retry") expect(verdict.fault.message).toContain(String(stub.port));
        await sleep(systemClock, 100, never());
      }
      await stub.start();
      const back = systemClock.monotonic();
      await vi.waitFor(async () => expect((await send(exporter)).kind).toBe("settled"), {
        timeout: 4_000,
        interval: 50,
      });
      expect(systemClock.monotonic() - back).toBeLessThan(2_500);
    }, 15_000);

    test("a connection that is dead without saying so is given up after two silent tries", async () => {
      // A proxy that can go deaf: it keeps the connections that it has, and lets new ones through.
      const links: { pause(): void }[] = [];
      const { connect } = await import("node:net");
      const proxy = createServer((client) => {
        const server = connect(stub.port, "127.0.0.1");
        for (const socket of [client, server]) socket.on("error", () => socket.destroy());
        client.on("close", () => server.destroy());
        client.pipe(server).pipe(client);
        links.push({
          pause: () => {
            client.unpipe(server);
            server.unpipe(client);
          },
        });
      });
      await new Promise<void>((resolve) => {
        proxy.listen(0, "127.0.0.1", resolve);
      });
      const address = proxy.address();
      if (address === null || typeof address === "string") throw new Error("the proxy has no port");
      const exporter = makeExporter(type, config(address.port), first);
      exporters.push(exporter);
      const deliver = timeout(300, systemClock)(exporter.deliver);
      expect((await deliver(sample(), never())).kind).toBe("settled");
      for (const link of links) link.pause();
      await deliver(sample(), never());
      await deliver(sample(), never());
      await vi.waitFor(async () => expect((await deliver(sample(), never())).kind).toBe("settled"), {
        timeout: 3_000,
        interval: 50,
      });
      await exporter.close();
      proxy.close();
    });

    // Both where it is used and where it is refused at load: each has an error text of its own.
    test("a secret header is sent, and stands in no fault", async () => {
      const exporter = make({ headers: { authorization: "Bearer canary-7" } });
      await send(exporter);
      expect(stub.received[0]?.headers["authorization"]).toBe("Bearer canary-7");
      stub.behave({ kind: "status", code: 99_999, message: "odd" });
      await stub.stop();
      expect(JSON.stringify(await send(exporter))).not.toContain("canary-7");
      const broken = () => make({ headers: { authorization: "canary-7\r\nx: y" } });
      expect(broken).toThrow(/headers: authorization/);
      expect(broken).not.toThrow(/canary-7/);
    });
  });
}
