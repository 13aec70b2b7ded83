/**
 * Loses answers of Kafka by what they answer: a produce or commit request is done, and whoever sent it never hears of it. Watches
 * the connections of proxies; https://kafka.apache.org/protocol#protocol_messages says how frames begin.
 */
import type { Watch } from "./tcp-proxy.ts";

/** The requests whose answers can be lost, by their API keys. */
export const KAFKA_APIS = { produce: 0, commit: 8 } as const;

/** Which answers are lost. */
export interface LostAnswers {
  readonly api: keyof typeof KAFKA_APIS;
  /** Each n-th of them, counted over all connections. */
  readonly every: number;
  /** Whether the connection is then reset; otherwise it stays open and the client waits. */
  readonly reset: boolean;
  /** Whose connections are meant, by the port that they come from; everybody's unless given. */
  readonly only?: (clientPort: number) => boolean;
}

/** Length, API key, API version and correlation id; an answer begins with the first and the last. */
const REQUEST_HEAD = 12;
const REPLY_HEAD = 8;

/** Splits a stream into frames: `head` is asked about the first bytes of each, and whether its bytes are kept. */
class Frames {
  readonly #headBytes: number;
  readonly #head: (head: Buffer) => boolean;
  #begun: Buffer = Buffer.alloc(0);
  #left = 0;
  #keeps = true;

  constructor(headBytes: number, head: (head: Buffer) => boolean) {
    this.#headBytes = headBytes;
    this.#head = head;
  }

  /** What is kept of everything that is known to be whole heads or bodies; half a head waits for its rest. */
  take(piece: Buffer): Buffer {
    const kept: Buffer[] = [];
    let rest = this.#begun.length === 0 ? piece : Buffer.concat([this.#begun, piece]);
    this.#begun = Buffer.alloc(0);
    while (rest.length > 0) {
      if (this.#left === 0) {
        if (rest.length < this.#headBytes) {
          this.#begun = rest;
          break;
        }
        this.#keeps = this.#head(rest.subarray(0, this.#headBytes));
        this.#left = 4 + rest.readInt32BE(0);
      }
      const part = rest.subarray(0, this.#left);
      if (this.#keeps) kept.push(part);
      this.#left -= part.length;
      rest = rest.subarray(part.length);
    }
    return kept.length === 1 && kept[0] !== undefined ? kept[0] : Buffer.concat(kept);
  }
}

/** What loses answers; one for all proxies of a cluster. */
export class KafkaReplies {
  #losing: LostAnswers | undefined;
  #seen = 0;
  #lost = 0;

  /** How many were lost so far. */
  get lost(): number {
    return this.#lost;
  }

  /** Loses such answers from now on; no argument ends it. */
  lose(answers?: LostAnswers): void {
    this.#losing = answers;
    this.#seen = 0;
  }

  /** The watch of one connection. */
  readonly watch = (): Watch => {
    const waiting = new Map<number, number>();
    let [port, breaks] = [0, false];
    const requests = new Frames(REQUEST_HEAD, (head) => {
      waiting.set(head.readInt32BE(8), head.readInt16BE(4));
      // What is asked goes its own way; it is only looked at.
      return false;
    });
    const replies = new Frames(REPLY_HEAD, (head) => {
      const id = head.readInt32BE(4);
      const api = waiting.get(id);
      waiting.delete(id);
      const losing = this.#losing;
      if (losing === undefined || api !== KAFKA_APIS[losing.api] || losing.only?.(port) === false) return true;
      if (++this.#seen % losing.every !== 0) return true;
      this.#lost++;
      breaks ||= losing.reset;
      return false;
    });
    return {
      request(piece, clientPort) {
        port = clientPort;
        requests.take(piece);
      },
      reply(piece, clientPort) {
        port = clientPort;
        const through = replies.take(piece);
        return breaks ? undefined : through;
      },
    };
  };
}
