/** What Linux knows of a process: its memory, its open files, and where its connections lead. */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/** One TCP connection of a process, by the ports of both ends. */
export interface Connection {
  readonly local: number;
  readonly remote: number;
}

/** Memory of its own, without what is mapped from files; bytes. Throws when there is no such process. */
export function anonymousBytes(pid: number): number {
  const kibibytes = /^RssAnon:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "latin1"))?.[1];
  return Number(kibibytes) * 1024;
}

/** How many files, sockets and pipes it has open. */
export function openFiles(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}

const ESTABLISHED = "01";

/** Its connections over IPv4 that stand. None when there is no such process. */
export function connectionsOf(pid: number): readonly Connection[] {
  const inodes = new Set<string>();
  try {
    for (const fd of readdirSync(`/proc/${pid}/fd`)) {
      const inode = /^socket:\[(\d+)\]$/.exec(linkOf(`/proc/${pid}/fd/${fd}`))?.[1];
      if (inode !== undefined) inodes.add(inode);
    }
    const [, ...lines] = readFileSync(`/proc/${pid}/net/tcp`, "latin1").trim().split("\n");
    return lines.flatMap((line) => {
      const fields = line.trim().split(/\s+/);
      const [, local = "", remote = "", state] = fields;
      if (state !== ESTABLISHED || !inodes.has(fields[9] ?? "")) return [];
      return [{ local: portOf(local), remote: portOf(remote) }];
    });
  } catch {
    return [];
  }
}

const portOf = (address: string) => Number.parseInt(address.slice(address.indexOf(":") + 1), 16);

/** Empty for a file that was closed meanwhile. */
function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return "";
  }
}
