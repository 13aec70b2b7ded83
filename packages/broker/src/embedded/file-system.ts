/** The few file operations that the journal is made of, behind an interface, so that tests can make any of them fail. */
import { constants, promises as fs } from "node:fs";

/** An open file. Positions are explicit; there is no cursor. Failures reject with the system's error (`code` such as ENOSPC). */
export interface OpenFile {
  /** Fills `into` from `position`; resolves to the bytes read, fewer only at the end of the file. */
  read(into: Uint8Array, position: number): Promise<number>;
  /** Writes all buffers one after the other, from `position`; resolves when the system has taken every byte. */
  writev(buffers: readonly Uint8Array[], position: number): Promise<void>;
  /** fdatasync: what was written, and the size that reads need, is on the device when it resolves. */
  datasync(): Promise<void>;
  truncate(size: number): Promise<void>;
  size(): Promise<number>;
  /** Whether it still has a name. One whose last name was removed takes writes, and is gone when it is closed. */
  hasName(): Promise<boolean>;
  close(): Promise<void>;
}

/** How a file is opened: to read; to read and write what exists; to make one that does not exist yet. */
export type OpenMode = "read" | "write" | "create";

/** The file operations of a data directory. */
export interface FileSystem {
  open(path: string, mode: OpenMode): Promise<OpenFile>;
  /** Names in a directory, in no order. */
  list(directory: string): Promise<readonly string[]>;
  /** Makes a directory and its parents; fine when it exists. */
  makeDirectory(path: string): Promise<void>;
  unlink(path: string): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  /** Gives an existing file a second name; fails with EEXIST when that name is taken. */
  link(from: string, to: string): Promise<void>;
  /** fsync of a directory: names made or removed in it survive a power cut when it resolves. */
  syncDirectory(path: string): Promise<void>;
}

const FLAGS: Readonly<Record<OpenMode, number>> = {
  read: constants.O_RDONLY,
  write: constants.O_RDWR,
  create: constants.O_RDWR | constants.O_CREAT | constants.O_EXCL,
};

/** The machine's file system. */
export const nodeFileSystem: FileSystem = {
  async open(path, mode) {
    return openFile(await fs.open(path, FLAGS[mode], 0o640));
  },
  list: (directory) => fs.readdir(directory),
  async makeDirectory(path) {
    await fs.mkdir(path, { recursive: true, mode: 0o750 }).catch(async (thrown: unknown) => {
      // Node answers ENOENT for a folder that it could not make, whatever the reason was; asked for that folder alone it says it.
      const { code, path: failed } = thrown as NodeJS.ErrnoException;
      if (code === "ENOENT" && failed !== undefined) await fs.mkdir(failed);
      throw thrown;
    });
  },
  unlink: (path) => fs.unlink(path),
  rename: (from, to) => fs.rename(from, to),
  link: (from, to) => fs.link(from, to),
  async syncDirectory(path) {
    // Windows has no fsync of directories; its file systems journal names themselves.
    if (process.platform === "win32") return;
    const handle = await fs.open(path, constants.O_RDONLY);
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  },
};

function openFile(handle: fs.FileHandle): OpenFile {
  return {
    async read(into, position) {
      let filled = 0;
      while (filled < into.length) {
        const { bytesRead } = await handle.read(into, filled, into.length - filled, position + filled);
        if (bytesRead === 0) break;
        filled += bytesRead;
      }
      return filled;
    },
    async writev(buffers, position) {
      let left: readonly Uint8Array[] = buffers;
      let at = position;
      while (left.length > 0) {
        const { bytesWritten } = await handle.writev([...left], at);
        at += bytesWritten;
        left = after(left, bytesWritten);
      }
    },
    datasync: () => handle.datasync(),
    truncate: (size) => handle.truncate(size),
    async size() {
      return (await handle.stat()).size;
    },
    async hasName() {
      return (await handle.stat()).nlink > 0;
    },
    close: () => handle.close(),
  };
}

/** The bytes of a file. Rejects with the system's error. */
export async function sizeOf(fs: FileSystem, path: string): Promise<number> {
  const file = await fs.open(path, "read");
  try {
    return await file.size();
  } finally {
    await file.close();
  }
}

/** What is left of a list of buffers after its first `taken` bytes: a write may take less than it was given. */
function after(buffers: readonly Uint8Array[], taken: number): readonly Uint8Array[] {
  let skip = taken;
  let index = 0;
  for (; index < buffers.length; index++) {
    const length = buffers[index]?.length ?? 0;
    if (skip < length) break;
    skip -= length;
  }
  const [first, ...rest] = buffers.slice(index);
  return first === undefined ? [] : [first.subarray(skip), ...rest];
}

/** The system's error code of anything thrown, such as ENOSPC; undefined when it has none. */
export function errorCode(thrown: unknown): string | undefined {
  return thrown instanceof Error && "code" in thrown && typeof thrown.code === "string" ? thrown.code : undefined;
}
