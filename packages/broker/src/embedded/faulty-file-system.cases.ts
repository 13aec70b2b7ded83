/** A file system that fails where a test says so, after having done as much as the test says. */
import { basename } from "node:path";
import { type FileSystem, nodeFileSystem, type OpenFile } from "./file-system.ts";

/** One call that may fail. */
export interface FileCall {
  readonly operation:
    | "open"
    | "read"
    | "writev"
    | "datasync"
    | "truncate"
    | "unlink"
    | "rename"
    | "link"
    | "syncDirectory";
  /** The last part of the path. */
  readonly name: string;
  /** Of a `writev`. */
  readonly bytes: number;
}

/** How a call fails: with a system error code; a `writev` after its first `written` bytes. */
export interface Failure {
  readonly code: string;
  readonly written?: number;
}

/** Decides over every call; undefined lets it pass. */
export type Decide = (call: FileCall) => Failure | undefined;

/** The machine's file system under the will of `decide`. */
export function faultyFileSystem(decide: Decide): FileSystem {
  const check = (operation: FileCall["operation"], path: string) => {
    const failure = decide({ operation, name: basename(path), bytes: 0 });
    if (failure !== undefined) throw systemError(failure.code);
  };
  return {
    async open(path, mode) {
      check("open", path);
      return faultyFile(await nodeFileSystem.open(path, mode), path, decide, check);
    },
    list: (directory) => nodeFileSystem.list(directory),
    makeDirectory: (path) => nodeFileSystem.makeDirectory(path),
    async unlink(path) {
      check("unlink", path);
      await nodeFileSystem.unlink(path);
    },
    async rename(from, to) {
      check("rename", to);
      await nodeFileSystem.rename(from, to);
    },
    async link(from, to) {
      check("link", to);
      await nodeFileSystem.link(from, to);
    },
    async syncDirectory(path) {
      check("syncDirectory", path);
      await nodeFileSystem.syncDirectory(path);
    },
  };
}

function faultyFile(
  file: OpenFile,
  path: string,
  decide: Decide,
  check: (operation: FileCall["operation"], path: string) => void,
): OpenFile {
  return {
    ...file,
    async read(into, position) {
      check("read", path);
      return await file.read(into, position);
    },
    async writev(buffers, position) {
      const bytes = buffers.reduce((sum, { length }) => sum + length, 0);
      const failure = decide({ operation: "writev", name: basename(path), bytes });
      if (failure === undefined) return await file.writev(buffers, position);
      const written = Buffer.concat(buffers).subarray(0, failure.written ?? 0);
      if (written.length > 0) await file.writev([written], position);
      throw systemError(failure.code);
    },
    async datasync() {
      check("datasync", path);
      await file.datasync();
    },
    async truncate(size) {
      check("truncate", path);
      await file.truncate(size);
    },
  };
}

/** An error as the system throws it. */
export function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: on purpose`), { code });
}
