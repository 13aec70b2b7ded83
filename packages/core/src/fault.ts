/** The one class for what goes wrong, with a closed list of codes. Borders map codes to their own protocol's answers. */

/** What each code means to whoever must act on it. */
export const FAULT_CODES = {
  invalid: "The input is wrong and will stay wrong; the message names the place.",
  too_large: "A size is over its limit; the message names the limit.",
  throttled: "The tenant or the process is over a rate or a memory limit; later will do.",
  unavailable: "The other side cannot be reached or does not answer; later will do.",
  rejected: "The other side understood and refused for good.",
  unauthenticated: "Credentials are missing or wrong.",
  forbidden: "The credentials are good but do not allow this.",
  not_found: "There is no such thing here.",
  unsupported: "Known, but not built or not allowed here.",
  config: "The configuration is wrong; the message names key and way out.",
  startup: "The process cannot start; the message says what to do.",
  corrupt: "Stored data is not what was written.",
  disk_full: "The data directory has no room left.",
  aborted: "The caller gave up or the process is stopping.",
  bug: "Rondo contradicts itself; please report it.",
} as const;

/** One of the codes above. */
export type FaultCode = keyof typeof FAULT_CODES;

/** An error with a code. `message` is one sentence for a person and never carries a secret. */
export class Fault extends Error {
  override readonly name = "Fault";
  readonly code: FaultCode;

  constructor(code: FaultCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }

  /** Makes a fault of anything thrown; a fault stays itself, everything else takes `code`. */
  static from(thrown: unknown, code: FaultCode = "bug"): Fault {
    if (thrown instanceof Fault) return thrown;
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    return new Fault(code, message, { cause: thrown });
  }
}
