/**
 * A disk whose power is cut. It is given a recording up to the cut and makes what may be on the device afterwards: all that
 * was synced, and of everything else any part – single 4 KiB pages of a write, names without their files' content, a file
 * longer than what is in it. Meaner than real file systems, which order more than they promise.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Operation } from "./recording.ts";

/** A number in [0, 1). */
export type Random = () => number;

const PAGE = 4096;

type FileOperation = Extract<Operation, { kind: "write" | "truncate" }>;
type NameOperation = Extract<Operation, { kind: "create" | "directory" | "link" | "rename" | "unlink" }>;

interface Done<T> {
  readonly operation: T;
  readonly at: number;
}

/** Writes to `into` what a power cut after the first `cut` operations may leave. */
export async function cutPower(
  recording: readonly Operation[],
  cut: number,
  into: string,
  random: Random,
): Promise<void> {
  const content = new Map<number, Done<FileOperation>[]>();
  const names: Done<NameOperation>[] = [];
  const synced = new Map<number, number>();
  const syncedNames = new Map<string, number>();
  for (const [at, operation] of recording.slice(0, cut).entries()) {
    if (operation.kind === "sync") synced.set(operation.file, operation.since);
    else if (operation.kind === "syncDirectory") syncedNames.set(operation.path, operation.since);
    else if (operation.kind === "write" || operation.kind === "truncate") {
      const list = content.get(operation.file) ?? [];
      content.set(operation.file, list);
      list.push({ operation, at });
    } else if (operation.kind !== "acknowledged") names.push({ operation, at });
  }
  const { directories, files } = survivingNames(names, syncedNames, random);
  await mkdir(into, { recursive: true });
  for (const path of directories) await mkdir(join(into, path), { recursive: true });
  for (const [path, file] of files) {
    await writeFile(join(into, path), survivingBytes(content.get(file) ?? [], synced.get(file) ?? 0, random));
  }
}

function parentOf(path: string): string {
  const slash = path.lastIndexOf("/");
  return slash < 0 ? "" : path.slice(0, slash);
}

function survivingNames(names: readonly Done<NameOperation>[], synced: ReadonlyMap<string, number>, random: Random) {
  const directories = new Set<string>();
  const files = new Map<string, number>();
  // Half of the disks keep changes of names in order, as journaling file systems do; the others any subset.
  const ordered = random() < 0.5 ? random() : undefined;
  const survives = (path: string, at: number, place: number) => {
    if (at < (synced.get(parentOf(path)) ?? 0)) return true;
    return ordered === undefined ? random() < 0.5 : place / names.length < ordered;
  };
  for (const [place, { operation, at }] of names.entries()) {
    if (operation.kind === "directory") {
      // The directory that is being tested and those that its first sync made durable.
      if (operation.path === "" || survives(operation.path, at, place)) directories.add(operation.path);
      continue;
    }
    const path = operation.kind === "create" || operation.kind === "unlink" ? operation.path : operation.to;
    if (!survives(path, at, place)) continue;
    if (operation.kind === "unlink") files.delete(path);
    else if (parentOf(path) !== "" && !directories.has(parentOf(path))) continue;
    else if (operation.kind === "create") files.set(path, operation.file);
    else {
      const file = files.get(operation.from);
      if (file === undefined) continue;
      files.set(path, file);
      if (operation.kind === "rename") files.delete(operation.from);
    }
  }
  return { directories, files };
}

function survivingBytes(done: readonly Done<FileOperation>[], synced: number, random: Random): Buffer {
  const longest = done.reduce(
    (size, { operation }) =>
      Math.max(size, operation.kind === "write" ? operation.position + operation.bytes.length : 0),
    0,
  );
  const bytes = Buffer.alloc(longest);
  // A share per file, so that some lose nearly everything and some nearly nothing.
  const share = random();
  let size = 0;
  for (const { operation, at } of done) {
    if (operation.kind === "truncate") {
      if (at >= synced && random() >= share) continue;
      bytes.fill(0, operation.size);
      size = operation.size;
    } else if (at < synced || operation.durable) {
      operation.bytes.copy(bytes, operation.position);
      size = Math.max(size, operation.position + operation.bytes.length);
    } else {
      const end = operation.position + operation.bytes.length;
      for (let from = operation.position; from < end; from = nextPage(from)) {
        if (random() >= share) continue;
        const to = Math.min(nextPage(from), end);
        operation.bytes.copy(bytes, from, from - operation.position, to - operation.position);
        size = Math.max(size, to);
      }
      // The length may be ahead of the content; what was never written reads as zeros.
      if (random() < 0.1) size = Math.max(size, end);
    }
  }
  return bytes.subarray(0, size);
}

function nextPage(position: number): number {
  return (Math.floor(position / PAGE) + 1) * PAGE;
}
