/** What Kafka's errors mean to Rondo: one table of the protocol's codes, and what to do about each. */
import { Fault, type FaultCode } from "@rondo/core";

/**
 * What is to be done: `again` – the same once more; `leader`, `coordinator` – once more, after asking who that is now;
 * `rejoin` – join the group again, keeping what is held; `fenced` – the same, having lost it; `expelled` – the same, as a new
 * member; `never` – it will not pass.
 */
export type Remedy = "again" | "leader" | "coordinator" | "rejoin" | "fenced" | "expelled" | "never";

/** A failure, understood. */
export interface Failure {
  /** The protocol's name for it, or kafkajs's. */
  readonly name: string;
  readonly remedy: Remedy;
  readonly code: FaultCode;
}

/** The protocol's error codes that Rondo can meet. https://kafka.apache.org/protocol.html#protocol_error_codes */
const PROTOCOL: Readonly<Record<number, readonly [name: string, remedy: Remedy, code: FaultCode]>> = {
  1: ["OFFSET_OUT_OF_RANGE", "never", "not_found"],
  2: ["CORRUPT_MESSAGE", "again", "unavailable"],
  3: ["UNKNOWN_TOPIC_OR_PARTITION", "leader", "not_found"],
  5: ["LEADER_NOT_AVAILABLE", "leader", "unavailable"],
  6: ["NOT_LEADER_OR_FOLLOWER", "leader", "unavailable"],
  7: ["REQUEST_TIMED_OUT", "again", "unavailable"],
  8: ["BROKER_NOT_AVAILABLE", "leader", "unavailable"],
  9: ["REPLICA_NOT_AVAILABLE", "leader", "unavailable"],
  10: ["MESSAGE_TOO_LARGE", "never", "too_large"],
  13: ["NETWORK_EXCEPTION", "leader", "unavailable"],
  14: ["COORDINATOR_LOAD_IN_PROGRESS", "again", "unavailable"],
  15: ["COORDINATOR_NOT_AVAILABLE", "coordinator", "unavailable"],
  16: ["NOT_COORDINATOR", "coordinator", "unavailable"],
  17: ["INVALID_TOPIC_EXCEPTION", "never", "config"],
  18: ["RECORD_LIST_TOO_LARGE", "never", "too_large"],
  19: ["NOT_ENOUGH_REPLICAS", "again", "unavailable"],
  20: ["NOT_ENOUGH_REPLICAS_AFTER_APPEND", "again", "unavailable"],
  22: ["ILLEGAL_GENERATION", "fenced", "aborted"],
  23: ["INCONSISTENT_GROUP_PROTOCOL", "never", "startup"],
  25: ["UNKNOWN_MEMBER_ID", "expelled", "aborted"],
  27: ["REBALANCE_IN_PROGRESS", "rejoin", "unavailable"],
  29: ["TOPIC_AUTHORIZATION_FAILED", "never", "startup"],
  30: ["GROUP_AUTHORIZATION_FAILED", "never", "startup"],
  31: ["CLUSTER_AUTHORIZATION_FAILED", "never", "startup"],
  32: ["INVALID_TIMESTAMP", "never", "rejected"],
  33: ["UNSUPPORTED_SASL_MECHANISM", "never", "startup"],
  34: ["ILLEGAL_SASL_STATE", "never", "startup"],
  35: ["UNSUPPORTED_VERSION", "never", "startup"],
  36: ["TOPIC_ALREADY_EXISTS", "never", "config"],
  37: ["INVALID_PARTITIONS", "never", "config"],
  38: ["INVALID_REPLICATION_FACTOR", "never", "config"],
  40: ["INVALID_CONFIG", "never", "config"],
  41: ["NOT_CONTROLLER", "leader", "unavailable"],
  44: ["POLICY_VIOLATION", "never", "config"],
  56: ["KAFKA_STORAGE_ERROR", "leader", "unavailable"],
  58: ["SASL_AUTHENTICATION_FAILED", "never", "startup"],
  72: ["LISTENER_NOT_FOUND", "leader", "unavailable"],
  74: ["FENCED_LEADER_EPOCH", "leader", "unavailable"],
  75: ["UNKNOWN_LEADER_EPOCH", "leader", "unavailable"],
  76: ["UNSUPPORTED_COMPRESSION_TYPE", "never", "unsupported"],
  78: ["OFFSET_NOT_AVAILABLE", "again", "unavailable"],
  81: ["GROUP_MAX_SIZE_REACHED", "never", "startup"],
  87: ["INVALID_RECORD", "never", "rejected"],
  89: ["THROTTLING_QUOTA_EXCEEDED", "again", "unavailable"],
};

/** Names of kafkajs's own errors that no retry heals. */
const FINAL = new Set(["KafkaJSSASLAuthenticationError", "KafkaJSServerDoesNotSupportApiKey", "KafkaJSNotImplemented"]);

/** Codes of a connection that TLS does not let come about: another try will find the same certificate. */
const CERTIFICATE = /CERT|ALTNAME|UNABLE_TO_(?:GET_ISSUER|VERIFY)/;

/** Understands an error code of the protocol. */
export function failureOfCode(code: number): Failure {
  const [name, remedy, fault] = PROTOCOL[code] ?? [`ERROR_${code}`, "never", "rejected"];
  return { name, remedy, code: fault };
}

/** Understands what kafkajs, a socket or our own code threw. */
export function failureOf(thrown: unknown): Failure {
  if (thrown instanceof Fault) {
    const passes = thrown.code === "unavailable";
    return { name: thrown.message, remedy: passes ? "leader" : "never", code: thrown.code };
  }
  const { name = "Error", code } = thrown instanceof Error ? shapeOf(thrown) : {};
  if (typeof code === "number") return failureOfCode(code);
  const isUntrusted = typeof code === "string" && CERTIFICATE.test(code);
  if (FINAL.has(name) || isUntrusted) return { name, remedy: "never", code: "startup" };
  // A connection that broke, a request that was not answered: the other side may be somebody else by now.
  if (name.startsWith("KafkaJS")) return { name, remedy: "leader", code: "unavailable" };
  return { name: String(thrown), remedy: "never", code: "bug" };
}

/** kafkajs's protocol errors carry the protocol's code, its connection errors the system's. */
function shapeOf(thrown: Error): { readonly name: string; readonly code?: unknown } {
  return "code" in thrown ? { name: thrown.name, code: thrown.code } : { name: thrown.name };
}

/** The Fault to throw for a failure, after `doing` – the end of the sentence "… failed". */
export function faultOf(failure: Failure, doing: string, cause?: unknown): Fault {
  if (cause instanceof Fault) return cause;
  const text = cause instanceof Error && cause.message !== "" ? `${failure.name}: ${cause.message}` : failure.name;
  return new Fault(failure.code, `${doing} failed: ${text}`, { cause });
}
