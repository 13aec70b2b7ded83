/** One Alertmanager: a bounded queue of alerts for it, sent in order and in batches; the resend of alerts is the retry. */
import { Agent, type AgentOptions } from "node:http";
import { Agent as TlsAgent } from "node:https";
import type { AlertmanagerSettings } from "@rondo/config";
import { type Clock, Fault, type Log } from "@rondo/core";
import { Recurring } from "@rondo/delivery";
import { type HttpAnswer, post } from "@rondo/exporters";
import type { PostedAlert } from "./sending.ts";

/** Bounds of the road to an Alertmanager; those of Prometheus's notifier. */
export const NOTIFIER_LIMITS = {
  /** Alerts that wait; beyond, the oldest goes. */
  queue: 10_000,
  /** Alerts in one request. */
  batch: 256,
  /** Bytes of an answer that are read. */
  answerBytes: 65_536,
  /** Characters of a refusal that are logged. */
  words: 300,
} as const;

/** Whether what an alert says still holds, asked right before it is sent: it may have waited, and the process slept. */
export interface Standing {
  /** Nobody else speaks for the group now. */
  speaks(): Promise<boolean>;
  /** It may be said that an alert is over: the group is still ours, and the windows are whole. */
  confirmsResolved(): Promise<boolean>;
}

/** An alert on its way. */
export interface Notification {
  /** Equal for what says something newer about the same episode of the same alert. */
  readonly key: string;
  readonly posted: PostedAlert;
  readonly resolved: boolean;
  readonly standing: Standing;
}

/** What became of alerts: `dropped` by the queue's bound or a refusal, `failed` without an answer, `withheld` because they no longer hold. */
export type SendOutcome = "sent" | "failed" | "dropped" | "withheld";

/** What a queue needs. */
export interface AlertmanagerOptions {
  readonly settings: AlertmanagerSettings;
  readonly clock: Clock;
  readonly log: Log;
  readonly count: (outcome: SendOutcome, alerts: number) => void;
}

/** Alerts for one Alertmanager. */
export class Alertmanager {
  readonly #options: AlertmanagerOptions;
  readonly #url: URL;
  readonly #agent: Agent;
  readonly #absent: Recurring;
  readonly #refused: Recurring;
  readonly #full: Recurring;
  /** The oldest first. What is newer about an episode takes the place of what waits, at the end. */
  readonly #waiting = new Map<string, Notification>();
  readonly #closed = new AbortController();
  #sending: Promise<void> | undefined;

  constructor(options: AlertmanagerOptions) {
    const { settings, log, clock } = options;
    this.#options = options;
    this.#url = new URL(`${settings.url}/api/v2/alerts`);
    // A connection each: one that was kept may be closed just as a request goes out, and there is no second try.
    const agent: AgentOptions = { keepAlive: false, timeout: settings.timeoutMs };
    this.#agent = this.#url.protocol === "https:" ? new TlsAgent(agent) : new Agent(agent);
    this.#absent = new Recurring(log, clock);
    this.#refused = new Recurring(log, clock);
    this.#full = new Recurring(log, clock);
  }

  /** Where it is, for logs and metrics. */
  get host(): string {
    return this.#url.host;
  }

  /** Alerts that wait. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** Resolves when nothing waits any more: every alert so far has had its one try. */
  async idle(): Promise<void> {
    while (this.#sending !== undefined) await this.#sending;
  }

  /** Queues alerts and returns at once. */
  tell(notifications: readonly Notification[]): void {
    if (this.#closed.signal.aborted) return;
    for (const notification of notifications) {
      this.#waiting.delete(notification.key);
      this.#waiting.set(notification.key, notification);
    }
    this.#shed();
    this.#start();
  }

  /** Sends what waits, as far as one try each goes, and ends the connections; `abort` ends that early. */
  async close(abort: AbortSignal): Promise<void> {
    const stop = () => this.#closed.abort();
    abort.addEventListener("abort", stop, { once: true });
    if (abort.aborted) stop();
    await this.#sending;
    this.#closed.abort();
    abort.removeEventListener("abort", stop);
    this.#agent.destroy();
  }

  #shed(): void {
    let dropped = 0;
    for (const key of this.#waiting.keys()) {
      if (this.#waiting.size <= NOTIFIER_LIMITS.queue) break;
      this.#waiting.delete(key);
      dropped++;
    }
    if (dropped === 0) return;
    this.#options.count("dropped", dropped);
    this.#full.happened(`more than ${NOTIFIER_LIMITS.queue} alerts wait for an Alertmanager; the oldest are dropped`, {
      alertmanager: this.host,
      dropped,
    });
  }

  #start(): void {
    if (this.#sending !== undefined) return;
    this.#sending = this.#drain().finally(() => {
      this.#sending = undefined;
      if (this.#waiting.size > 0 && !this.#closed.signal.aborted) this.#start();
    });
  }

  async #drain(): Promise<void> {
    while (this.#waiting.size > 0 && !this.#closed.signal.aborted) {
      const batch = [...this.#waiting.values()].slice(0, NOTIFIER_LIMITS.batch);
      for (const { key } of batch) this.#waiting.delete(key);
      const standing = await stillTrue(batch);
      if (standing.length < batch.length) this.#options.count("withheld", batch.length - standing.length);
      if (standing.length > 0) await this.#send(standing);
    }
  }

  /** One request; there is no second try, since what still fires is told again anyway, and what is over for a while too. */
  async #send(batch: readonly Notification[]): Promise<void> {
    const { settings, clock, count } = this.#options;
    const body = Buffer.from(JSON.stringify(batch.map(({ posted }) => posted)));
    const late = new AbortController();
    const cancel = clock.after(settings.timeoutMs, () => late.abort());
    const headers = { "content-type": "application/json", "content-length": body.length, "user-agent": "rondo" };
    const about = { alertmanager: this.host };
    try {
      const answer = await post(
        { url: this.#url, headers, body, agent: this.#agent, limit: NOTIFIER_LIMITS.answerBytes },
        AbortSignal.any([late.signal, this.#closed.signal]),
      );
      this.#absent.over("Alertmanager answers again", about);
      this.#judge(answer, batch.length);
    } catch (thrown) {
      count("failed", batch.length);
      const why = late.signal.aborted ? `no answer within ${settings.timeoutMs} ms` : Fault.from(thrown).message;
      this.#absent.happened("Alertmanager cannot be reached; alerts are told again later", { ...about, why });
    } finally {
      cancel();
    }
  }

  #judge({ statusCode, body }: HttpAnswer, alerts: number): void {
    const { count } = this.#options;
    const about = { alertmanager: this.host };
    if (statusCode >= 200 && statusCode < 300) {
      count("sent", alerts);
      this.#refused.over("Alertmanager takes alerts again", about);
      return;
    }
    // A 400 names one bad alert, and the good ones beside it were taken (Alertmanager's API): what it is, the words say.
    count("dropped", alerts);
    const words = body.toString("utf8").slice(0, NOTIFIER_LIMITS.words).trim();
    this.#refused.happened("Alertmanager refuses alerts", { ...about, status: statusCode, words });
  }
}

/** Those whose word still holds. Each group is asked once for all of its alerts, and once more for all that are over. */
async function stillTrue(batch: readonly Notification[]): Promise<readonly Notification[]> {
  const speaking = new Map<Standing, Promise<boolean>>();
  const confirming = new Map<Standing, Promise<boolean>>();
  const once = (asked: Map<Standing, Promise<boolean>>, standing: Standing, ask: () => Promise<boolean>) => {
    // Who cannot answer is taken for one who does not know.
    const answer = asked.get(standing) ?? ask().catch(() => false);
    asked.set(standing, answer);
    return answer;
  };
  const answers = await Promise.all(
    batch.map(async ({ resolved, standing }) => {
      if (!(await once(speaking, standing, () => standing.speaks()))) return false;
      return !resolved || once(confirming, standing, () => standing.confirmsResolved());
    }),
  );
  return batch.filter((_, index) => answers[index] === true);
}
