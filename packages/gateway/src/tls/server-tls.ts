/** TLS of a live listener: certificates read at start, read again while it serves, and never worse than those it had. */
import type { Socket } from "node:net";
import { createSecureContext, type Server, type TlsOptions } from "node:tls";
import { type Clock, Fault, type Log } from "@rondo/core";
import { type Reload, type WatchedFile, watchFiles } from "../watch-files.ts";
import { CURVES, SUITES_12, SUITES_13, type TlsValues } from "./tls-fields.ts";

/** A connection that has not finished its handshake after this is cut. */
const HANDSHAKE_MS = 10_000;

/** How often client_ca_file is looked at where client_ca_file_reload is on. */
const CLIENT_CA_MS = 5_000;

/** What TLS needs of its surroundings. */
export interface TlsSurroundings {
  /** Where `tls` stands in the configuration, such as `receivers::otlp::protocols::grpc::tls`. */
  readonly key: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Counts changes of the files. */
  readonly reloaded: (outcome: Reload) => void;
  /** Counts connections that ended before a request because they could not agree, or had no good certificate. */
  readonly handshakeFailed: () => void;
}

/** The TLS of one listener. */
export interface ServerTls {
  /** For `tls.createServer`, `https.createServer` and `http2.createSecureServer`; ALPN is the transport's to add. */
  readonly options: TlsOptions;
  /**
   * Keeps the context of `server` current from now on, and counts its failed handshakes. What it returns cuts every connection,
   * those in their handshake among them, of which the server itself does not know yet.
   */
  serve(server: Server): () => void;
  /** Ends the watch over the files. */
  close(): void;
}

/** Reads certificate, key and client authorities. Rejects with a `config` Fault that names key and file, never their content. */
export async function openServerTls(values: TlsValues, around: TlsSurroundings): Promise<ServerTls> {
  const { key, clock, log, reloaded } = around;
  const servers: Server[] = [];
  let options: TlsOptions = staticOptions(values);

  const use = (change: TlsOptions, files: readonly WatchedFile[]) => {
    const next = { ...options, ...change };
    // Whatever is wrong shows here, before a server is touched: no PEM, a key of another certificate, no suite left.
    tried(next, key, files);
    options = next;
    for (const server of servers) server.setSecureContext(options);
  };
  const watch = (files: readonly WatchedFile[], everyMs: number, change: (contents: readonly Buffer[]) => TlsOptions) =>
    watchFiles({
      ...{ files, everyMs, clock, log, reloaded },
      take: (contents) => use(change(contents), files),
    });

  const { client_ca_file: clientCa, client_ca_file_reload: reload } = values;
  const stops = [await watchPair(values, key, (files, change) => watch(files, values.reload_interval, change))];
  if (clientCa !== null) {
    const files = [{ key: `${key}::client_ca_file`, path: clientCa }];
    const everyMs = reload ? CLIENT_CA_MS : 0;
    stops.push(await watch(files, everyMs, ([ca]) => ({ ca: authorities(ca, `${key}::client_ca_file`) })));
  }

  return {
    get options() {
      return options;
    },
    serve(server) {
      servers.push(server);
      server.setSecureContext(options);
      server.on("tlsClientError", ({ message }, socket) => {
        // Of a handshake that is late Node tells, but leaves its socket open.
        socket.destroy();
        around.handshakeFailed();
        log.debug("a TLS handshake failed", { reason: message });
      });
      const raw = new Set<Socket>();
      server.on("connection", (socket: Socket) => {
        raw.add(socket);
        socket.once("close", () => raw.delete(socket));
      });
      return () => {
        for (const socket of raw) socket.destroy();
      };
    },
    close() {
      for (const stop of stops) stop();
    },
  };
}

type WatchPair = (
  files: readonly WatchedFile[],
  change: (contents: readonly Buffer[]) => TlsOptions,
) => Promise<() => void>;

/** Certificate and key are read together: one alone, while they are being replaced, is of no use. */
async function watchPair(values: TlsValues, key: string, watch: WatchPair): Promise<() => void> {
  const { cert_file: certFile, key_file: keyFile, cert_pem: certPem, key_pem: keyPem } = values;
  const files = [
    ...(certFile === null ? [] : [{ key: `${key}::cert_file`, path: certFile }]),
    ...(keyFile === null ? [] : [{ key: `${key}::key_file`, path: keyFile }]),
  ];
  return await watch(files, (contents) => {
    const read = [...contents];
    const cert = certFile === null ? certPem : read.shift();
    const secret = keyFile === null ? keyPem?.reveal() : read.shift();
    return { ...(cert !== null && cert !== undefined && { cert }), ...(secret !== undefined && { key: secret }) };
  });
}

function staticOptions(values: TlsValues): TlsOptions {
  const { min_version: min, max_version: max, cipher_suites: suites, curve_preferences: curves } = values;
  const asksClients = values.client_ca_file !== null;
  return {
    handshakeTimeout: HANDSHAKE_MS,
    minVersion: `TLSv${min}`,
    ...(max !== null && { maxVersion: `TLSv${max}` as const }),
    ...(suites.length > 0 && { ciphers: ciphersOf(suites) }),
    ...(curves.length > 0 && { ecdhCurve: curves.map((curve) => CURVES[curve]).join(":") }),
    ...(asksClients && { requestCert: true, rejectUnauthorized: true }),
  };
}

/** OpenSSL's list. In Go the suites of TLS 1.3 cannot be chosen; here they can, but naming none must not forbid TLS 1.3. */
function ciphersOf(suites: TlsValues["cipher_suites"]): string {
  const named = suites.map((suite) => SUITES_12[suite as keyof typeof SUITES_12] ?? suite);
  const has13 = suites.some((suite) => SUITES_13.some((one) => one === suite));
  return [...(has13 ? [] : SUITES_13), ...named].join(":");
}

/** OpenSSL takes a file without a certificate for an empty list, against which every client would fail later. */
function authorities(content: Buffer | undefined, key: string): Buffer {
  if (content?.includes("-----BEGIN CERTIFICATE-----") !== true) {
    throw new Fault("config", `${key}: the file holds no certificate in PEM`);
  }
  return content;
}

function tried(options: TlsOptions, key: string, files: readonly WatchedFile[]): void {
  try {
    createSecureContext(options);
  } catch (thrown) {
    const where = files.length === 0 ? "" : ` (${files.map(({ path }) => path).join(", ")})`;
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    throw new Fault("config", `${key}: cannot be used${where}: ${reason}`);
  }
}
