/** HTTP/2 by hand, for peers that no library would be: frames (RFC 9113 §4, §6) and header blocks without compression (RFC 7541 §6.2). */
import { connect, type Socket } from "node:net";

/** What a client begins with, before any frame. */
export const PREFACE = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");

/** The types of frames. */
export const FRAME = {
  data: 0,
  headers: 1,
  priority: 2,
  reset: 3,
  settings: 4,
  ping: 6,
  goaway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const;

/** Flags of frames: END_STREAM, which on SETTINGS and PING is ACK, and END_HEADERS. */
export const FLAG = { endStream: 1, endHeaders: 4 } as const;

/** One frame. */
export function http2Frame(type: number, flags: number, stream: number, payload: Uint8Array = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** An HPACK integer with a prefix of 7 bits, of a string that is not Huffman-coded. */
function length(value: number): Buffer {
  if (value < 127) return Buffer.of(value);
  const out = [127];
  let rest = value - 127;
  for (; rest >= 128; rest >>= 7) out.push((rest & 127) | 128);
  return Buffer.from([...out, rest]);
}

/** A header block of literals; `first` is 0x00 for those that are not indexed, 0x40 for those that go into the table. */
export function headerBlock(headers: readonly (readonly [name: string, value: string])[], first = 0x00): Buffer {
  return Buffer.concat(
    headers.flatMap((pair) => [
      Buffer.of(first),
      ...pair.flatMap((text) => [length(Buffer.byteLength(text)), Buffer.from(text)]),
    ]),
  );
}

/** A server that answers a flood must not fill the memory of the test. */
const MOST_KEPT = 8 << 20;

/** How a raw connection went. */
export interface RawEnd {
  /** The server ended it, within the time. */
  readonly closed: boolean;
  /** The error code of the server's last GOAWAY. */
  readonly goaway: number | undefined;
  /** The first 8 MiB that came. */
  readonly got: Buffer;
  readonly ms: number;
}

/** Connects, lets `say` write, and waits until the server has ended the connection, at most `withinMs`. Never rejects. */
export function rawConnection(port: number, say: (socket: Socket) => void, withinMs: number): Promise<RawEnd> {
  const started = performance.now();
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let kept = 0;
    const socket = connect(port, "127.0.0.1", () => say(socket));
    const end = (closed: boolean) => {
      clearTimeout(late);
      const got = Buffer.concat(chunks);
      resolve({ closed, goaway: goawayOf(got), got, ms: performance.now() - started });
      socket.destroy();
    };
    const late = setTimeout(() => end(false), withinMs);
    socket
      .on("error", () => {})
      .on("data", (chunk: Buffer) => {
        kept += chunk.length;
        if (kept <= MOST_KEPT) chunks.push(chunk);
      })
      .on("close", () => end(true));
  });
}

function goawayOf(got: Buffer): number | undefined {
  let code: number | undefined;
  for (let at = 0; at + 9 <= got.length; at += 9 + got.readUIntBE(at, 3)) {
    if (got[at + 3] === FRAME.goaway && at + 17 <= got.length) code = got.readUInt32BE(at + 13);
  }
  return code;
}
