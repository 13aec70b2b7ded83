/** Writes a gRPC status as the headers that carry it: percent-encoded message, google.rpc.Status as its details. */
import { encodeStatus, type Status } from "@rondo/otlp";

/**
 * What the message may have in bytes once it is encoded; it stands in the headers three times. Clients refuse header lists above
 * 8 KiB, and with them the status.
 */
const MESSAGE_BYTES = 1_500;

/** The headers of a status. */
export type StatusHeaders = Readonly<Record<string, string>>;

const OK: StatusHeaders = { "grpc-status": "0" };

/** The headers of a status. Its message is cut where it would be too long for them. */
export function statusHeaders(status: Status): StatusHeaders {
  if (status.code === 0) return OK;
  const message = fitting(status.message);
  return {
    "grpc-status": String(status.code),
    "grpc-message": percentEncoded(message),
    // Without padding, as gRPC over HTTP/2 asks of whoever writes a binary header.
    "grpc-status-details-bin": Buffer.from(encodeStatus({ ...status, message }))
      .toString("base64")
      .replace(/=+$/, ""),
  };
}

/** The beginning of a message that fits. A header's value may have no space at either end. */
function fitting(message: string): string {
  let cut = message.slice(0, MESSAGE_BYTES).toWellFormed().trim();
  while (percentEncoded(cut).length > MESSAGE_BYTES) cut = cut.slice(0, cut.length >> 1).toWellFormed();
  return cut.trim();
}

/** gRPC over HTTP/2, "Percent-Encoded": printable ASCII but `%` stands for itself, every other byte of UTF-8 is `%XX`. */
function percentEncoded(message: string): string {
  if (/^[ -$&-~]*$/.test(message)) return message;
  return [...Buffer.from(message)].map(percentByte).join("");
}

function percentByte(byte: number): string {
  if (byte >= 0x20 && byte <= 0x7e && byte !== 0x25) return String.fromCharCode(byte);
  return `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
}
