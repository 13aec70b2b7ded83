/**
 * The parts of a page that the threads of a process hold. One of them has the port and gathers all parts when it is asked for
 * the page; the others answer it over a channel that only threads of this process hear.
 */
import { BroadcastChannel, threadId } from "node:worker_threads";
import type { Clock } from "@rondo/core";
import type { PageFamily, PageRow } from "./series-page.ts";

/** How long an answer of another thread is waited for, milliseconds: a thread may be busy with a batch. */
const ANSWER_MS = 1_000;

type Message =
  /** Who serves the page? And who else is there? */
  | { readonly kind: "hello"; readonly from: number }
  | { readonly kind: "here"; readonly from: number; readonly serves: boolean }
  | { readonly kind: "gone"; readonly from: number }
  | { readonly kind: "ask"; readonly from: number; readonly turn: number }
  | {
      readonly kind: "part";
      readonly to: number;
      readonly from: number;
      readonly turn: number;
      readonly part: readonly PageFamily[];
    };

/** What a thread says of itself. */
export interface PageHolder {
  /** Its own part. */
  families(): readonly PageFamily[];
  /** Whether it has the port; awaited, since it may just be trying. */
  serves(): Promise<boolean>;
}

/** One thread's end of the channel. */
export class PageParts {
  readonly #channel: BroadcastChannel;
  readonly #holder: PageHolder;
  readonly #clock: Clock;
  readonly #me: number;
  readonly #others = new Set<number>();
  readonly #heard = new Set<(message: Message) => void>();
  #turn = 0;
  #closed = false;

  /** `name` is the page's; `me` tells the threads apart and is this thread's number unless a test has several in one. */
  constructor(name: string, holder: PageHolder, clock: Clock, me: number = threadId) {
    this.#holder = holder;
    this.#clock = clock;
    this.#me = me;
    this.#channel = new BroadcastChannel(`rondo page ${name}`);
    this.#channel.onmessage = (event: unknown) => {
      // Only ends of this class write to a channel of this name.
      void this.#hear((event as { readonly data: Message }).data);
    };
    // An open channel alone must not keep a thread alive.
    this.#channel.unref();
    this.#say({ kind: "hello", from: me });
  }

  /** Whether another thread of the process has the port. */
  async servedElsewhere(): Promise<boolean> {
    const served = this.#until((message) => message.kind === "here" && message.serves);
    this.#say({ kind: "hello", from: this.#me });
    return await served;
  }

  /** The parts of all threads, this one's first. One that does not answer in time is left out. */
  async gather(): Promise<readonly (readonly PageFamily[])[]> {
    const parts = [this.#holder.families()];
    if (this.#others.size === 0) return parts;
    const turn = ++this.#turn;
    const awaited = new Set(this.#others);
    const all = this.#until((message) => {
      if (message.kind === "part" && message.to === this.#me && message.turn === turn) {
        parts.push(message.part);
        awaited.delete(message.from);
      } else if (message.kind === "gone") awaited.delete(message.from);
      return awaited.size === 0;
    });
    this.#say({ kind: "ask", from: this.#me, turn });
    await all;
    for (const silent of awaited) this.#others.delete(silent);
    return parts;
  }

  /** Leaves the channel; once is enough. */
  close(): void {
    if (this.#closed) return;
    this.#say({ kind: "gone", from: this.#me });
    this.#closed = true;
    this.#channel.close();
  }

  #say(message: Message): void {
    // An answer may be ready only after the end.
    if (!this.#closed) this.#channel.postMessage(message);
  }

  async #hear(message: Message): Promise<void> {
    if (message.kind === "gone") this.#others.delete(message.from);
    else this.#others.add(message.from);
    for (const heard of [...this.#heard]) heard(message);
    if (message.kind === "ask")
      this.#say({
        ...{ kind: "part", to: message.from, from: this.#me },
        ...{ turn: message.turn, part: this.#holder.families() },
      });
    else if (message.kind === "hello") this.#say({ kind: "here", from: this.#me, serves: await this.#holder.serves() });
  }

  /** True as soon as a message is what was waited for, false when none was in time. */
  #until(meant: (message: Message) => boolean): Promise<boolean> {
    return new Promise((resolve) => {
      const end = (found: boolean) => {
        this.#heard.delete(heard);
        cancel();
        resolve(found);
      };
      const heard = (message: Message) => {
        if (meant(message)) end(true);
      };
      const cancel = this.#clock.after(ANSWER_MS, () => end(false));
      this.#heard.add(heard);
    });
  }
}

/** Parts as one page, by name. Where two have a series – its partition has moved – the newer value counts. */
export function joinParts(parts: readonly (readonly PageFamily[])[]): readonly PageFamily[] {
  const [first = []] = parts;
  if (parts.length < 2) return first;
  const joined = new Map<string, { readonly family: PageFamily["family"]; readonly rows: Map<string, PageRow> }>();
  for (const { family, rows } of parts.flat()) {
    const known = joined.get(family.name);
    if (known === undefined) {
      joined.set(family.name, { family, rows: new Map(rows) });
      continue;
    }
    for (const [key, row] of rows) {
      const other = known.rows.get(key);
      if (other === undefined || other.time < row.time) known.rows.set(key, row);
    }
  }
  return [...joined.values()].sort((a, b) => (a.family.name < b.family.name ? -1 : 1));
}
