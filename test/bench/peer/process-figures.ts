/** CPU time and memory of a process and all that it started, from /proc. https://man7.org/linux/man-pages/man5/proc.5.html */
import { readdirSync, readFileSync } from "node:fs";

/** Clock ticks a second in /proc/<pid>/stat: USER_HZ, which is 100 on every Linux that Node supports. */
const TICKS_PER_SECOND = 100;

/** Resident memory in MiB: all of it, and what is not backed by a file. */
export interface Memory {
  readonly rss: number;
  readonly anonymous: number;
}

/** The fields of a stat line that follow the name, which may itself hold blanks and brackets. */
export function statFields(line: string): readonly string[] {
  return line.slice(line.lastIndexOf(")") + 2).split(" ");
}

/** CPU seconds in a stat line: user and system time of all threads, and of children that have ended and were waited for. */
export function cpuOfStat(line: string): number {
  const fields = statFields(line);
  // utime, stime, cutime, cstime are the fields 14 to 17 of the line; field 3 is the first behind the name.
  const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
  return ticks / TICKS_PER_SECOND;
}

/** The stat line of a process; undefined when it is gone. */
export function statOf(pid: number): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/stat`, "utf8");
  } catch {
    return undefined;
  }
}

/** A process and its living descendants. */
export function familyOf(root: number): readonly number[] {
  const parents = new Map<number, number>();
  for (const name of readdirSync("/proc")) {
    const pid = Number(name);
    const line = Number.isInteger(pid) ? statOf(pid) : undefined;
    if (line !== undefined) parents.set(pid, Number(statFields(line)[1]));
  }
  const family = [root];
  for (const member of family) for (const [pid, parent] of parents) if (parent === member) family.push(pid);
  return family;
}

/** CPU seconds that a process and its descendants have used since they began. */
export function cpuSeconds(root: number): number {
  return familyOf(root).reduce((sum, pid) => sum + cpuOfStat(statOf(pid) ?? ") "), 0);
}

/** Memory of a process and its descendants now. */
export function memoryOf(root: number): Memory {
  let [rss, anonymous] = [0, 0];
  for (const pid of familyOf(root)) {
    let status = "";
    try {
      status = readFileSync(`/proc/${pid}/status`, "utf8");
    } catch {
      continue;
    }
    rss += Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0);
    anonymous += Number(/^RssAnon:\s+(\d+)/m.exec(status)?.[1] ?? 0);
  }
  return { rss: rss / 1024, anonymous: anonymous / 1024 };
}

/** Seconds that a core has worked since the machine started, whoever for: everything in /proc/stat but idling and waiting. */
export function coreSeconds(core: number, stat = readFileSync("/proc/stat", "utf8")): number {
  // user, nice, system, idle, iowait, irq, softirq, steal.
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = (
    new RegExp(`^cpu${core} (.*)$`, "m").exec(stat)?.[1] ?? ""
  )
    .split(" ")
    .map(Number);
  return (user + nice + system + irq + softirq + steal) / TICKS_PER_SECOND;
}
