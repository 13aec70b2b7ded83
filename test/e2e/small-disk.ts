/** A file system of its own for one test: small enough to fill, and it can be made read-only under whoever uses it. */
import { execFileSync } from "node:child_process";
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, type TestContext } from "vitest";

/** A mounted file system; it is gone when the test has ended. */
export interface SmallDisk {
  readonly folder: string;
  /** From now on nothing can be written to it. Fails while a file of it is open for writing. */
  makeReadOnly(): void;
}

/** Leaves no byte free, until the file that it answers is removed. */
export function fillUp({ folder }: SmallDisk, name: string): string {
  const file = join(folder, name);
  const open = openSync(file, "w");
  try {
    for (const block = Buffer.alloc(4096); ; ) writeSync(open, block);
  } catch (thrown) {
    expect(thrown).toMatchObject({ code: "ENOSPC" });
  } finally {
    closeSync(open);
  }
  return file;
}

function mount(...args: readonly string[]): string | undefined {
  try {
    execFileSync("mount", args, { stdio: "pipe" });
    return undefined;
  } catch (thrown) {
    const { stderr } = thrown as { readonly stderr?: Buffer }; // execFileSync adds it to what it throws
    return stderr?.toString().trim() || String(thrown);
  }
}

/**
 * Mounts a tmpfs of 8 MiB. Where that cannot be done the test is skipped with the reason; with `CI` set it fails instead, unless
 * the machine refuses root itself, as a container without the right to mount does.
 */
export function smallDisk(context: TestContext): SmallDisk {
  const folder = mkdtempSync(join(tmpdir(), "rondo-disk-"));
  const problem = mount("-t", "tmpfs", "-o", "size=8m", "tmpfs", folder);
  if (problem !== undefined) {
    rmSync(folder, { recursive: true });
    if (process.getuid?.() !== 0 && process.env["CI"] !== undefined)
      throw new Error(`needs a small file system, which only root may mount: ${problem}`);
    context.skip(`this machine mounts no file system: ${problem}`);
  }
  onTestFinished(() => {
    execFileSync("umount", ["-l", folder]);
    rmSync(folder, { recursive: true });
  });
  return {
    folder,
    makeReadOnly() {
      const refused = mount("-o", "remount,ro", folder);
      if (refused !== undefined) throw new Error(refused);
    },
  };
}
