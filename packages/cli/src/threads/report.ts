/** What a worker's thread tells of itself when its process is asked: plain data that crosses a message port. */
import type { FaultCode } from "@rondo/core";
import type { Format, LogLevel, SeriesCopy, Unready } from "@rondo/monitor";
import type { LedgerRow } from "@rondo/worker";

/** One look at a thread. */
export interface ThreadReport {
  readonly rows: readonly LedgerRow[];
  readonly series: readonly SeriesCopy[];
  /** Why the thread is not ready; empty when it is. */
  readonly unready: readonly Unready[];
}

/** What a thread is asked for when the page of an exporter is to be shown; it answers with its part, a `PagePart`. */
export interface PartWanted {
  /** The exporter's id. */
  readonly exporter: string;
  readonly format: Format;
}

/** Why a thread ended by itself. It crosses threads as a value: of an error that is thrown there only the text arrives. */
export interface ThreadFault {
  readonly code: FaultCode;
  readonly message: string;
}

/** What a thread is started with. Everything else it reads itself, from the configuration. */
export interface ThreadSettings {
  readonly config: readonly string[];
  readonly set: readonly string[];
  readonly strict?: boolean;
  readonly featureGates?: readonly string[];
  readonly logLevel: LogLevel;
  readonly logFormat: "auto" | "pretty" | "json";
  /** Whether standard error is a terminal. */
  readonly terminal: boolean;
  /** The name of the process; the thread's own Kafka clients are called `rondo/<instance>/worker/<index>`. */
  readonly instance: string;
  readonly index: number;
  /** Bytes of records that this thread may hold unsettled. */
  readonly readAheadBytes: number;
}
