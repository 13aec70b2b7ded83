/** Calls over a message port, as between a process and its threads: each is answered once, with a value or a Fault. */
import type { MessagePort } from "node:worker_threads";
import { Fault, type FaultCode } from "@rondo/core";

/** What one side can be asked: by name, a function of structured-clonable values. */
export type Callable = Readonly<Record<string, (argument: never) => unknown>>;

interface Request {
  readonly id: number;
  readonly call: string;
  readonly argument: unknown;
}

interface Answer {
  readonly id: number;
  readonly value?: unknown;
  readonly fault?: { readonly code: FaultCode; readonly message: string };
}

/** Answers calls that come in on a port. A call that throws is answered with its Fault. */
export function answerCalls(port: MessagePort, calls: Callable): void {
  port.on("message", async (message: Request) => {
    const { id, call, argument } = message;
    let answer: Answer;
    try {
      const run = Object.hasOwn(calls, call) ? calls[call] : undefined;
      if (run === undefined) throw new Fault("bug", `a thread was asked for ${call}, which it does not know`);
      // Both ends are of one build: the argument is what the call takes.
      answer = { id, value: await run(argument as never) };
    } catch (thrown) {
      const { code, message } = Fault.from(thrown);
      answer = { id, fault: { code, message } };
    }
    port.postMessage(answer);
  });
}

/** The calling end of a port. */
export class Caller {
  readonly #port: MessagePort;
  readonly #open = new Map<number, { resolve: (value: unknown) => void; reject: (fault: Fault) => void }>();
  #calls = 0;
  #ended: Fault | undefined;

  constructor(port: MessagePort) {
    this.#port = port;
    port.on("message", ({ id, value, fault }: Answer) => {
      const open = this.#open.get(id);
      this.#open.delete(id);
      if (fault === undefined) open?.resolve(value);
      else open?.reject(new Fault(fault.code, fault.message));
    });
  }

  /** Calls the other end; rejects with the Fault that it throws, or with the one of `end`. */
  async call<T>(call: string, argument?: unknown): Promise<T> {
    if (this.#ended !== undefined) throw this.#ended;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const id = ++this.#calls;
    this.#open.set(id, { resolve, reject });
    this.#port.postMessage({ id, call, argument } satisfies Request);
    // Both ends are of one build: the caller names the type that the callee returns.
    return (await promise) as T;
  }

  /** The other end is gone: what it was asked will not be answered. */
  end(fault: Fault): void {
    this.#ended = fault;
    for (const { reject } of this.#open.values()) reject(fault);
    this.#open.clear();
    this.#port.close();
  }
}
