/** Reads what strace wrote down of a process: the operations on files below a directory, in the order in which they ended. */

/** One operation. Files are numbered in the order of their creation; names are relative to the directory. */
export type Operation =
  | { readonly kind: "create"; readonly path: string; readonly file: number }
  | { readonly kind: "directory"; readonly path: string }
  | {
      readonly kind: "write";
      readonly file: number;
      readonly position: number;
      readonly bytes: Buffer;
      readonly durable: boolean;
    }
  | { readonly kind: "truncate"; readonly file: number; readonly size: number }
  /** Covers the operations on the file that had ended at `since`, an index into the recording. */
  | { readonly kind: "sync"; readonly file: number; readonly since: number }
  | { readonly kind: "syncDirectory"; readonly path: string; readonly since: number }
  | { readonly kind: "link"; readonly from: string; readonly to: string }
  | { readonly kind: "rename"; readonly from: string; readonly to: string }
  | { readonly kind: "unlink"; readonly path: string }
  | { readonly kind: "acknowledged"; readonly line: string };

/** The calls that strace must record. */
export const TRACED =
  "openat,open,creat,close,lseek,write,pwrite64,writev,pwritev,pwritev2,fdatasync,fsync,sync_file_range,msync,ftruncate,truncate,fallocate,rename,renameat,renameat2,unlink,unlinkat,link,linkat,mkdir,mkdirat,dup,dup2,dup3,fcntl,io_uring_setup,io_uring_enter";

interface Descriptor {
  readonly path: string;
  /** Undefined for a directory. */
  readonly file: number | undefined;
  readonly durable: boolean;
  position: number;
}

interface Call {
  readonly name: string;
  readonly text: string;
  readonly result: string;
  /** How many operations had ended when the call was begun. */
  readonly since: number;
}

const NAME = /^(\w+)\(/;
const DESCRIPTOR = /^\w+\((\d+)/;
const QUOTED = /"((?:\\x[0-9a-f]{2})*)"/g;

/** Parses the output of `strace -f -xx`. Throws for a call on a file of the directory whose effect it does not know. */
export function readRecording(trace: string, directory: string, acknowledgements: string): readonly Operation[] {
  const reader = new Reader(directory, acknowledgements);
  const begun = new Map<string, { readonly text: string; readonly since: number }>();
  for (const line of trace.split("\n")) {
    const blank = line.indexOf(" ");
    const thread = line.slice(0, blank);
    const text = line.slice(blank).trimStart();
    if (text.endsWith("<unfinished ...>")) {
      begun.set(thread, { text: text.slice(0, -"<unfinished ...>".length), since: reader.operations.length });
      continue;
    }
    const resumed = /^<\.\.\. \w+ resumed>/.exec(text);
    const first = resumed === null ? undefined : begun.get(thread);
    const whole = first === undefined ? text : first.text + text.slice(resumed?.[0].length);
    const equals = whole.lastIndexOf(" = ");
    const name = NAME.exec(whole)?.[1];
    if (name === undefined || equals < 0) continue;
    const since = first?.since ?? reader.operations.length;
    reader.read({ name, text: whole.slice(0, equals), result: whole.slice(equals + 3), since });
  }
  return reader.operations;
}

class Reader {
  readonly operations: Operation[] = [];
  readonly #directory: string;
  readonly #acknowledgements: string;
  readonly #descriptors = new Map<number, Descriptor>();
  readonly #files = new Map<string, number>();
  #created = 0;
  #acknowledged: number | undefined;

  constructor(directory: string, acknowledgements: string) {
    this.#directory = directory;
    this.#acknowledgements = acknowledgements;
  }

  read(call: Call): void {
    if (call.result.startsWith("-1 ")) return;
    const paths = stringsOf(call.text).map((bytes) => bytes.toString());
    const [from, to] = paths.map((path) => this.#relative(path));
    switch (call.name) {
      case "open":
      case "openat":
      case "creat":
        this.#open(call, paths[0] ?? "", from);
        break;
      case "mkdir":
      case "mkdirat":
        if (from !== undefined) this.operations.push({ kind: "directory", path: from });
        break;
      case "link":
      case "linkat":
        if (from !== undefined && to !== undefined) this.#link(from, to, "link");
        break;
      case "rename":
      case "renameat":
      case "renameat2":
        if (from !== undefined && to !== undefined) this.#link(from, to, "rename");
        break;
      case "unlink":
      case "unlinkat":
        if (from === undefined) break;
        this.#files.delete(from);
        this.operations.push({ kind: "unlink", path: from });
        break;
      default:
        this.#onDescriptor(call);
    }
  }

  #relative(path: string): string | undefined {
    if (path === this.#directory) return "";
    return path.startsWith(`${this.#directory}/`) ? path.slice(this.#directory.length + 1) : undefined;
  }

  #open(call: Call, absolute: string, path: string | undefined): void {
    const descriptor = Number.parseInt(call.result, 10);
    this.#descriptors.delete(descriptor);
    if (absolute === this.#acknowledgements) this.#acknowledged = descriptor;
    else if (this.#acknowledged === descriptor) this.#acknowledged = undefined;
    if (path === undefined) return;
    let file = this.#files.get(path);
    if (file === undefined && call.text.includes("O_CREAT")) {
      file = this.#created++;
      this.#files.set(path, file);
      this.operations.push({ kind: "create", path, file });
    }
    this.#descriptors.set(descriptor, { path, file, durable: /O_D?SYNC/.test(call.text), position: 0 });
  }

  #link(from: string, to: string, kind: "link" | "rename"): void {
    const file = this.#files.get(from);
    if (file === undefined) throw new Error(`${kind} of ${from}, which was not seen before`);
    this.#files.set(to, file);
    if (kind === "rename") this.#files.delete(from);
    this.operations.push({ kind, from, to });
  }

  #onDescriptor(call: Call): void {
    const number = Number(DESCRIPTOR.exec(call.text)?.[1]);
    if (call.name === "write" && number === this.#acknowledged) {
      for (const line of bytesOf(call).toString().trim().split("\n")) {
        this.operations.push({ kind: "acknowledged", line });
      }
      return;
    }
    const opened = this.#descriptors.get(number);
    if (opened === undefined) return;
    const { file } = opened;
    if (call.name === "close") this.#descriptors.delete(number);
    else if (call.name === "lseek") opened.position = Number(call.result);
    else if (file === undefined) {
      if (call.name === "fsync") this.operations.push({ kind: "syncDirectory", path: opened.path, since: call.since });
    } else this.#onFile(call, opened, file);
  }

  #onFile(call: Call, opened: Descriptor, file: number): void {
    const last = Number(/(\d+)\s*\)\s*$/.exec(call.text)?.[1]);
    switch (call.name) {
      case "write":
      case "writev":
      case "pwrite64":
      case "pwritev": {
        const bytes = bytesOf(call).subarray(0, Number(call.result));
        const positioned = call.name.startsWith("p");
        const position = positioned ? last : opened.position;
        if (!positioned) opened.position += bytes.length;
        this.operations.push({ kind: "write", file, position, bytes, durable: opened.durable });
        break;
      }
      case "fsync":
      case "fdatasync":
        this.operations.push({ kind: "sync", file, since: call.since });
        break;
      case "ftruncate":
        this.operations.push({ kind: "truncate", file, size: last });
        break;
      case "fcntl":
        break;
      default:
        throw new Error(`${call.name} on ${opened.path}: its effect on a power cut is not known`);
    }
  }
}

function stringsOf(text: string): readonly Buffer[] {
  return [...text.matchAll(QUOTED)].map(([, hex = ""]) => Buffer.from(hex.replaceAll("\\x", ""), "hex"));
}

function bytesOf(call: Call): Buffer {
  return Buffer.concat(stringsOf(call.text));
}
