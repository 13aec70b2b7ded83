/** A disk of its own for one folder, in memory, that can be made as large as what is on it and large again. Linux, as root. */
import { execFileSync } from "node:child_process";
import { mkdirSync, statfsSync } from "node:fs";

/** A mounted disk. */
export interface OwnDisk {
  readonly folder: string;
  /** Leaves no byte free, or gives the space back. */
  resize(to: "what is there" | "large"): void;
  /** Unmounts it, whoever has files of it open. */
  close(): void;
}

const LARGE = "1g";
const ATTEMPTS = 50;

/** Mounts one in `folder`. Throws where that is not allowed. */
export function mountOwnDisk(folder: string): OwnDisk {
  const mount = (...args: readonly string[]) => execFileSync("mount", args, { stdio: "pipe" });
  mkdirSync(folder, { recursive: true });
  mount("-t", "tmpfs", "-o", `size=${LARGE}`, "tmpfs", folder);
  /** Refused when something was written since the look. */
  const shrink = () => {
    const { blocks, bfree, bsize } = statfsSync(folder);
    mount("-o", `remount,size=${(blocks - bfree) * bsize}`, folder);
  };
  return {
    folder,
    resize(to) {
      if (to === "large") {
        mount("-o", `remount,size=${LARGE}`, folder);
        return;
      }
      for (let attempt = 1; ; attempt++) {
        try {
          shrink();
          return;
        } catch (thrown) {
          if (attempt === ATTEMPTS) throw thrown;
        }
      }
    },
    close: () => void execFileSync("umount", ["-l", folder], { stdio: "pipe" }),
  };
}
