/** `otlp`: sends OTLP over gRPC. The request's bytes go out as they are; nothing is decoded but the answer. */
import { Metadata, type ServiceError, status } from "@grpc/grpc-js";
import { type Batch, defineExporter, Fault, retry, unanswered, type Verdict } from "@rondo/core";
import type { Recurring } from "@rondo/delivery";
import { CARRIED, type Carried, decodeStatus, EXPORT_METHODS, WireError } from "@rondo/otlp";
import { grpcValue, type HeadersByAuth, headersByAuth, usesAuth } from "../auth/client-auth.ts";
import { acceptedVerdict, readResponse, refusedVerdict, words } from "../partial-success.ts";
import { metadataOf, sendingExporter } from "../sending-fields.ts";
import { fields, type OtlpValues } from "./config.ts";
import { Connection } from "./connection.ts";
import { isUnanswered, meaningOf } from "./status-table.ts";

/** The `otlp` exporter. */
export const otlp = defineExporter({
  type: "otlp",
  aliases: ["otlp_grpc"],
  summary: "Sends to any backend that takes OTLP over gRPC, such as Tempo or another Collector.",
  signals: CARRIED,
  fields,
  uses: usesAuth,
  metadata: metadataOf,
  create: (values, around) =>
    sendingExporter(
      values,
      around,
      (trouble) => new GrpcSender(values, around.signal, trouble, headersByAuth(values, around)),
    ),
});

class GrpcSender {
  readonly #connection: Connection;
  /** For messages. */
  readonly #address: string;
  readonly #method: string;
  /** The configured headers by lower-case name, and the same as grpc-js sends them. */
  readonly #headers: ReadonlyMap<string, string>;
  readonly #metadata: Metadata;
  readonly #waitForReady: boolean;
  readonly #byAuth: HeadersByAuth | undefined;
  readonly #trouble: Recurring;
  readonly #closed = new AbortController();

  constructor(values: OtlpValues, signal: Carried, trouble: Recurring, byAuth: HeadersByAuth | undefined) {
    this.#connection = new Connection(values);
    this.#address = values.endpoint.target.replace(/^dns:(?:\/\/\/)?/, "");
    this.#method = EXPORT_METHODS[signal];
    this.#waitForReady = values.wait_for_ready;
    this.#headers = new Map([...values.headers].map(([name, value]) => [name.toLowerCase(), value.reveal()]));
    this.#metadata = this.#metadataWith(this.#headers);
    this.#byAuth = byAuth;
    // A name that gRPC cannot send is to be found out now, and not with the first request.
    if (byAuth !== undefined) this.#metadataWith(byAuth(this.#headers, {}, grpcValue));
    this.#trouble = trouble;
  }

  /** One try. Resolves with what the status table makes of the answer, and with `aborted` as soon as the abort fires. */
  send(batch: Batch, abort: AbortSignal): Promise<Verdict> {
    const ends = [abort, this.#closed.signal];
    if (ends.some(({ aborted }) => aborted)) return Promise.resolve(gaveUp());
    return new Promise((resolve) => {
      const connection = this.#connection;
      const { client } = connection;
      // grpc-js calls back for a cancelled call as well; the verdict has been given by then.
      let over = false;
      const call = client.makeUnaryRequest(
        this.#method,
        // In the place of generated code: the bytes are a message already, and are not copied.
        (body: Uint8Array) => Buffer.from(body.buffer, body.byteOffset, body.byteLength),
        (answer: Buffer) => answer,
        batch.body,
        this.#metadataOf(batch),
        {},
        (error, answer) => {
          if (over) return;
          finish();
          connection.answered();
          resolve(error === null ? this.#accepted(batch, answer) : this.#failed(batch, error));
        },
      );
      const onAbort = () => {
        finish();
        // A backend that is away fails at once and never comes here: silence means a connection, or the hope of one.
        if (!this.#closed.signal.aborted) connection.unanswered(client);
        call.cancel();
        resolve(gaveUp());
      };
      const finish = () => {
        over = true;
        for (const signal of ends) signal.removeEventListener("abort", onAbort);
      };
      for (const signal of ends) signal.addEventListener("abort", onAbort, { once: true });
    });
  }

  async close(): Promise<void> {
    this.#closed.abort();
    this.#connection.close();
  }

  #metadataOf({ meta }: Batch): Metadata {
    const byAuth = this.#byAuth;
    return byAuth === undefined ? this.#metadata : this.#metadataWith(byAuth(this.#headers, meta, grpcValue));
  }

  #metadataWith(headers: ReadonlyMap<string, string>): Metadata {
    const metadata = new Metadata({ waitForReady: this.#waitForReady });
    for (const [name, value] of headers) setHeader(metadata, name, value);
    return metadata;
  }

  #accepted(batch: Batch, answer: Buffer | undefined): Verdict {
    const response = readResponse(answer ?? new Uint8Array(0));
    if (response !== undefined) return acceptedVerdict(batch, response, this.#trouble);
    // The status said OK, which is what acknowledges; only its details are lost.
    return acceptedVerdict(batch, { rejected: 0, message: "its answer is not an OTLP response" }, this.#trouble);
  }

  #failed(batch: Batch, error: ServiceError): Verdict {
    // Status 14 says little to who reads a log; UNAVAILABLE does.
    const name = status[error.code] ?? `status ${error.code}`;
    const why = words(`${name} from ${this.#address}: ${error.details}`);
    const { outcome, fault, hint } = meaningOf(error.code);
    const delayMs = retryDelayOf(error.metadata);
    // Before the table: the code of a broken connection is one that backends answer with, too.
    if (isUnanswered(error.details)) return unanswered(new Fault("unavailable", why));
    if (outcome === "later") return retry(new Fault(fault, hint === undefined ? why : `${why}; ${hint}`), delayMs);
    if (outcome === "with_delay" && delayMs !== undefined) return retry(new Fault(fault, why), delayMs);
    return refusedVerdict(batch, why, this.#trouble);
  }
}

/** The delay of a RetryInfo in `grpc-status-details-bin`, milliseconds. */
function retryDelayOf(metadata: Metadata): number | undefined {
  const [details] = metadata.get("grpc-status-details-bin");
  if (!Buffer.isBuffer(details)) return undefined;
  try {
    return decodeStatus(details).retryDelayMs;
  } catch (thrown) {
    if (thrown instanceof WireError) return undefined;
    throw thrown;
  }
}

/** Throws a Fault `config` that names the header, never its value. */
function setHeader(metadata: Metadata, name: string, value: string): void {
  try {
    metadata.set(name, name.toLowerCase().endsWith("-bin") ? Buffer.from(value, "base64") : value);
  } catch {
    throw new Fault(
      "config",
      `headers: ${name} is not a header that gRPC can send; check for line breaks and odd letters`,
    );
  }
}

function gaveUp(): Verdict {
  return retry(new Fault("aborted", "the try was aborted"));
}
