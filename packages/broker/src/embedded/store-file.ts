/**
 * Looks into the file of an LMDB without LMDB, which trusts its file: one that is shorter than it says, or whose pages are not
 * what they should be, ends the process that reads it, without a word. Before a start the head is looked at, by `rondo data
 * check` everything. The layout is lmdb 3's on 64-bit little-endian machines (liblmdb/mdb.c, MDB_meta, MDB_page, MDB_node).
 *
 *   page   0 u64 its number   18 u16 flags   20 u16 lower: 2 × entries   22 u16 upper   24 u16 offset of each entry, less 24
 *   meta  24 u32 magic  28 u32 version  48 u32 page size  88 u64 root of the free pages  136 u64 root of the data  152 u64 age
 *   node   0 u32 low half of child or length of value   4 u16 high half of child, or flags   6 u16 length of key   8 key, value
 */
import { errorCode, type FileSystem, type OpenFile } from "./file-system.ts";

const META_BYTES = 168;
const MAGIC = 0xbeefc0de;
const VERSION = 2;
const HEADER = 24;
const NO_PAGE = 0xffff_ffff_ffff_ffffn;
const BRANCH = 1;
const LEAF = 2;
const OVERFLOW = 4;
const BIG_VALUE = 1;
const NODE_HEAD = 8;
interface Meta {
  readonly pageSize: number;
  readonly age: bigint;
  /** Of the free pages and of the data; undefined for an empty tree. */
  readonly roots: readonly (number | undefined)[];
}

/** What keeps LMDB from reading the file, in a few words; undefined when nothing is seen. A file that is missing is none. */
export async function storeHeadProblem(fs: FileSystem, path: string): Promise<string | undefined> {
  return await reading(fs, path, async (file) => {
    const meta = await readMeta(file);
    return typeof meta === "string" ? meta : undefined;
  });
}

/** The same, of every page that holds anything. Not for a file that a process writes on meanwhile. */
export async function storeFileProblem(fs: FileSystem, path: string): Promise<string | undefined> {
  return await reading(fs, path, async (file) => {
    const meta = await readMeta(file);
    if (typeof meta === "string") return meta;
    const seen = new Set<number>();
    for (const root of meta.roots) {
      const problem = root === undefined ? undefined : await walk(file, meta.pageSize, root, seen);
      if (problem !== undefined) return problem;
    }
    return undefined;
  });
}

async function reading(
  fs: FileSystem,
  path: string,
  look: (file: OpenFile) => Promise<string | undefined>,
): Promise<string | undefined> {
  let file: OpenFile;
  try {
    file = await fs.open(path, "read");
  } catch (thrown) {
    if (errorCode(thrown) === "ENOENT") return undefined;
    throw thrown;
  }
  try {
    return await look(file);
  } finally {
    await file.close();
  }
}

/** The newer of the two heads, or what is wrong with both. */
async function readMeta(file: OpenFile): Promise<Meta | string> {
  const size = await file.size();
  const first = await metaAt(file, 0);
  // The second head stands one page further; how large a page is, only a head says.
  const second = await metaAt(file, first?.pageSize ?? 4096);
  const metas = [first, second].filter((meta) => meta !== undefined).sort((a, b) => (a.age < b.age ? 1 : -1));
  const [newest] = metas;
  if (newest === undefined) return size === 0 ? "it is empty" : "its first pages are not those of LMDB";
  // Both heads are always there, whole: where one was torn off, LMDB reads beyond the end.
  const outside = [1, ...newest.roots].find((page) => page !== undefined && (page + 1) * newest.pageSize > size);
  return outside === undefined ? newest : `it ends at ${size} B, before page ${outside}`;
}

async function metaAt(file: OpenFile, position: number): Promise<Meta | undefined> {
  const bytes = Buffer.alloc(META_BYTES);
  if ((await file.read(bytes, position)) < META_BYTES) return undefined;
  if (bytes.readUInt32LE(24) !== MAGIC || (bytes.readUInt32LE(28) & 0xff) !== VERSION) return undefined;
  const pageSize = bytes.readUInt32LE(48);
  if (pageSize < 256 || pageSize > 65_536) return undefined;
  const root = (at: number) => {
    const page = bytes.readBigUInt64LE(at);
    return page === NO_PAGE ? undefined : Number(page);
  };
  return { pageSize, age: bytes.readBigUInt64LE(152), roots: [root(88), root(136)] };
}

/** What is wrong in the tree below a page. */
async function walk(file: OpenFile, pageSize: number, number: number, seen: Set<number>): Promise<string | undefined> {
  const page = Buffer.alloc(pageSize);
  const wrong = (what: string) => `page ${number} ${what}`;
  // In a tree every page hangs in one place; without this a damaged one could lead in circles.
  if (seen.has(number)) return wrong("hangs in two places");
  seen.add(number);
  if ((await file.read(page, number * pageSize)) < pageSize) return wrong("lies beyond its end");
  const flags = page.readUInt16LE(18);
  if (page.readBigUInt64LE(0) !== BigInt(number) || (flags & (BRANCH | LEAF)) === 0) {
    return wrong("is not what should stand there");
  }
  const entries = page.readUInt16LE(20) >> 1;
  if (HEADER + entries * 2 > pageSize) return wrong("says that it holds more than fits");
  let before: Buffer | undefined;
  for (let entry = 0; entry < entries; entry++) {
    const at = page.readUInt16LE(HEADER + entry * 2) + HEADER;
    if (at + NODE_HEAD > pageSize) return wrong(`points outside itself in entry ${entry}`);
    const low = page.readUInt32LE(at);
    const high = page.readUInt16LE(at + 4);
    const value = at + NODE_HEAD + page.readUInt16LE(at + 6);
    if (value > pageSize) return wrong(`has a key that leaves it in entry ${entry}`);
    if ((flags & BRANCH) !== 0) {
      const below = await walk(file, pageSize, high * 2 ** 32 + low, seen);
      if (below !== undefined) return below;
      continue;
    }
    const key = page.subarray(at + NODE_HEAD, value);
    // Keys of the free pages are numbers, whose order is not that of their bytes.
    if (before?.equals(key)) return wrong(`has the key of entry ${entry} twice`);
    before = key;
    if ((high & BIG_VALUE) === 0) {
      if (value + low > pageSize) return wrong(`has a value that leaves it in entry ${entry}`);
    } else {
      const problem =
        value + 8 > pageSize
          ? wrong(`has no place for its value in entry ${entry}`)
          : await big(file, pageSize, page, value, low);
      if (problem !== undefined) return problem;
    }
  }
  return undefined;
}

/** What is wrong with a value that stands on pages of its own. */
async function big(file: OpenFile, pageSize: number, page: Buffer, at: number, length: number) {
  const number = Number(page.readBigUInt64LE(at));
  const head = Buffer.alloc(HEADER);
  const whole = number * pageSize + HEADER + length <= (await file.size());
  const read = whole ? await file.read(head, number * pageSize) : 0;
  if (read === HEADER && head.readBigUInt64LE(0) === BigInt(number) && (head.readUInt16LE(18) & OVERFLOW) !== 0)
    return undefined;
  return `page ${number}, which should hold a value of ${length} B, does not`;
}
