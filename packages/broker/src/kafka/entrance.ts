/**
 * What it means that a broker does not let us in. Before it ever did, the configuration is wrong: the start fails, and says what to
 * change. Later, a password or a certificate is being renewed somewhere: it is tried again until it passes.
 */
import { type Clock, Fault } from "@rondo/core";
import { type Failure, failureOf } from "./kafka-fault.ts";
import type { Security } from "./login.ts";

/** What authentication that was cut short looks like: of such a broker nothing is known yet. */
const CUT_SHORT = /clos(?:ed|ing)|tim(?:ed )?out|ECONNRESET|EPIPE|Connection error|not connected/i;
/** OpenSSL's word for an answer that is not TLS at all. */
const NOT_TLS = /WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|HTTP_REQUEST/;
/** What a broker says of our certificate, or of its lack. */
const OUR_CERTIFICATE = /ALERT.*(?:CERTIFICATE|UNKNOWN_CA|HANDSHAKE_FAILURE|ACCESS_DENIED|BAD_CERT)/;
/** How a broker hangs up without a word is guessed at. */
const HINT = "; does its listener";
const OTHER_NAME = "ERR_TLS_CERT_ALTNAME_INVALID";
const UNTRUSTED = /CERT|UNABLE_TO_(?:GET_ISSUER|VERIFY)/;

/** A broker that did not let us in is asked again after so long, milliseconds: many tries in a row lock users out of directories. */
const REFUSED_MS = 2_000;

/** What is known of being let in, of one process's connections. */
export class Entrance {
  readonly #security: Security;
  readonly #clock: Clock;
  #wasLetIn = false;
  /** By broker: what it said, and when it may be asked again, on the monotonic clock. */
  readonly #refused = new Map<string, { readonly fault: Fault; readonly until: number }>();

  constructor(security: Security, clock: Clock) {
    this.#security = security;
    this.#clock = clock;
  }

  /** Throws, before a connection is tried, what the broker said a moment ago. */
  check(broker: string): void {
    const refused = this.#refused.get(broker);
    if (refused === undefined) return;
    if (this.#clock.monotonic() < refused.until) throw refused.fault;
    this.#refused.delete(broker);
  }

  /** A broker let us in. */
  letIn(): void {
    this.#wasLetIn = true;
  }

  /** The Fault for a connection that did not come about; what has nothing to do with being let in stays what it is. */
  fault(broker: string, thrown: unknown): unknown {
    const reason = this.#reason(broker, thrown);
    if (reason === undefined) return thrown;
    const { code, message } = reason;
    const fault = new Fault(this.#wasLetIn ? "unavailable" : code, message, { cause: thrown });
    if (code === "startup") this.#refused.set(broker, { fault, until: this.#clock.monotonic() + REFUSED_MS });
    return fault;
  }

  #reason(broker: string, thrown: unknown): Fault | undefined {
    if (thrown instanceof Fault) return new Fault(thrown.code, `connecting to broker ${broker}: ${thrown.message}`);
    const failure = failureOf(thrown);
    const detail = thrown instanceof Error ? thrown.message : String(thrown);
    const words = this.#saslReason(broker, failure, detail) ?? this.#tlsReason(codeOf(thrown));
    if (words !== undefined) return new Fault("startup", `broker ${broker} ${words}`, { cause: thrown });
    return failure.remedy === "leader" ? this.#silence(broker, detail) : undefined;
  }

  #saslReason(broker: string, { name }: Failure, detail: string): string | undefined {
    const { mechanism = "", username } = this.#security.sasl ?? {};
    if (name === "UNSUPPORTED_SASL_MECHANISM") {
      return `does not offer SASL ${mechanism}; set broker::kafka::sasl::mechanism to one that its listener has`;
    }
    if (name === "ILLEGAL_SASL_STATE") {
      return "has no SASL on this port; name the port of its SASL listener, or remove broker::kafka::sasl";
    }
    if (name !== "KafkaJSSASLAuthenticationError" && name !== "SASL_AUTHENTICATION_FAILED") return undefined;
    if (CUT_SHORT.test(detail)) return undefined;
    const who = username == null ? "" : ` as ${username}`;
    const way = `check username and password of broker::kafka::sasl, and that ${broker} knows this user for ${mechanism}`;
    return `does not let us in${who} by SASL ${mechanism} (${detail}); ${way}`;
  }

  #tlsReason(code: string): string | undefined {
    if (this.#security.tls === undefined) return undefined;
    if (NOT_TLS.test(code)) {
      return `does not speak TLS on this port (${code}); name the port of its TLS listener, or remove broker::kafka::tls`;
    }
    if (OUR_CERTIFICATE.test(code)) {
      return `does not take our certificate (${code}); set cert_file and key_file of broker::kafka::tls to a pair that it trusts`;
    }
    if (code === OTHER_NAME) {
      return `has a certificate for another name (${code}); name it as its certificate does, or set broker::kafka::tls::server_name_override`;
    }
    if (!UNTRUSTED.test(code)) return undefined;
    return `has a certificate that is not trusted (${code}); set broker::kafka::tls::ca_file to the certificates of its authority`;
  }

  /** A broker that answers nothing, or nothing of Kafka: the port may be that of a listener which wants to be spoken to otherwise. */
  #silence(broker: string, detail: string): Fault {
    return new Fault("unavailable", `connecting to broker ${broker} failed: ${detail}${this.#hint(detail)}`);
  }

  /** Adds to a Fault of the first question to the cluster what its listeners may want that the configuration does not have. */
  unanswered(thrown: unknown): unknown {
    if (!(thrown instanceof Fault) || thrown.code !== "unavailable" || thrown.message.includes(HINT)) return thrown;
    return new Fault(thrown.code, `${thrown.message}${this.#hint(thrown.message)}`, { cause: thrown });
  }

  #hint(detail: string): string {
    const { sasl, tls } = this.#security;
    if (/before secure TLS connection/.test(detail)) return `${HINT} speak TLS?`;
    const missing = [...(tls === undefined ? ["TLS"] : []), ...(sasl === undefined ? ["SASL"] : [])];
    const hungUp = missing.length > 0 && /closed connection|ECONNRESET|an answer of/i.test(detail);
    return hungUp ? `${HINT} want ${missing.join(" or ")}?` : "";
  }
}

/** The code of a socket's error, or its text where OpenSSL has put it there. */
function codeOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return "";
  return "code" in thrown && typeof thrown.code === "string" ? thrown.code : thrown.message;
}
