/** One POST over HTTP/1.1: bounded answer, no redirects, and a socket that is free again whatever happens. */
import { type Agent, type IncomingHttpHeaders, type IncomingMessage, request } from "node:http";
import { request as requestTls } from "node:https";

/** An answer. The body is cut off at the limit, which no OTLP answer comes near. */
export interface HttpAnswer {
  readonly statusCode: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** The body went on beyond the limit, or stopped before its end; what is in `body` may be half a message. */
  readonly cut: boolean;
  /** The system has all of the request: nothing refers to its body any more. Absent: a backend may answer before that. */
  readonly isSent?: true;
}

/** What is sent. */
export interface HttpPost {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string | number>>;
  readonly body: Uint8Array;
  readonly agent: Agent;
  /** Bytes of the answer's body that are kept. */
  readonly limit: number;
}

/**
 * Resolves with the answer as soon as its status is known and its body has ended, was cut off, or broke: the status is the
 * backend's word, and losing the rest does not unsay it. Rejects with the socket's error when there is no status, and with
 * an AbortError after `abort`; the request is destroyed then.
 */
export function post({ url, headers, body, agent, limit }: HttpPost, abort: AbortSignal): Promise<HttpAnswer> {
  const send = url.protocol === "https:" ? requestTls : request;
  return new Promise((resolve, reject) => {
    const sent = send(url, { method: "POST", agent, headers, signal: abort }, (answer) => {
      readBody(answer, limit, ({ body: kept, cut }) => {
        const { statusCode = 0, headers } = answer;
        resolve({ statusCode, headers, body: kept, cut, ...(sent.writableFinished && { isSent: true }) });
      });
    });
    // Never sent again from here, not even on a connection that was kept: the backend may have read the request before it
    // closed, and a repeat must be known to the account.
    sent.on("error", reject);
    sent.end(body);
  });
}

function readBody(answer: IncomingMessage, limit: number, done: (read: { body: Buffer; cut: boolean }) => void): void {
  const chunks: Buffer[] = [];
  let size = 0;
  const finish = (cut: boolean) => done({ body: Buffer.concat(chunks), cut });
  answer.on("data", (chunk: Buffer) => {
    const room = limit - size;
    size += chunk.length;
    chunks.push(chunk.length > room ? chunk.subarray(0, room) : chunk);
    if (size <= limit) return;
    // Draining an endless body would keep the connection; it is given up instead.
    finish(true);
    answer.destroy();
  });
  answer.on("end", () => finish(false));
  answer.on("error", () => finish(true));
  answer.on("close", () => finish(!answer.complete));
}
