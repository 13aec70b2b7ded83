/** Client metadata: what of a request's headers components read, and how much of it one record may carry. Rules of the log 1. */

/** What a component reads of the client's metadata. */
export interface MetadataNeed {
  /** Names of headers, in lower case. */
  readonly keys: readonly string[];
  /** Whether a backend sees the difference: requests that differ in these keys then go out apart. */
  readonly sent: boolean;
  /** Most combinations of values at a time; 0 is no bound; absent: the component does not say. */
  readonly combinations?: number;
}

/** Most bytes of the metadata of one record, as JSON; a request with more is refused. */
export const META_BYTES = 4096;

/** Most combinations of values that one tenant may have at a receiver where no component says: the Collector's own default. */
export const META_COMBINATIONS = 1000;

/** Headers whose values are credentials, whoever sends them. */
const SECRET_KEYS: readonly string[] = ["authorization", "proxy-authorization", "cookie", "x-api-key", "api-key"];

/** Whether a header is known to hold credentials. */
export function isSecretKey(key: string): boolean {
  return SECRET_KEYS.includes(key);
}

/** Whether a key names binary metadata of gRPC, which is text nowhere and is not kept. gRPC over HTTP/2, "Requests". */
export function isBinaryKey(key: string): boolean {
  return key.endsWith("-bin");
}
