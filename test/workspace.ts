/** What is in the repository, for the tests that hold rules about it: packages, their manifests, their sources. */
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Import, importsOf, type Scanned, scanSource } from "./scan-source.ts";

/** The folder of the repository, with a slash at its end. */
export const ROOT = new URL("..", import.meta.url).pathname;

/** One TypeScript file of a package. */
export interface SourceFile {
  /** From the repository's root, such as `packages/core/src/batch.ts`. */
  readonly path: string;
  readonly source: Scanned;
  readonly imports: readonly Import[];
  /** `*.test.ts` and `*.cases.ts`: never part of what is built. */
  readonly isTest: boolean;
}

/** One workspace package. */
export interface Package {
  /** Without the scope: `otlp`. */
  readonly name: string;
  /** Its third-party and own dependencies with their versions, as package.json has them. */
  readonly dependencies: ReadonlyMap<string, string>;
  /** The subpaths of `exports`, such as `.` and `./codec`. */
  readonly entries: readonly string[];
  /** Names of the packages that its tsconfig.json refers to. */
  readonly references: readonly string[];
  /** Everything below `src`, generated code left out. */
  readonly files: readonly SourceFile[];
  /** Generated code: what it imports counts, how it is written does not. */
  readonly generated: readonly SourceFile[];
}

/** The parts of a manifest that the rules read. The file is ours and npm refuses it in another shape. */
interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly exports?: Readonly<Record<string, unknown>>;
}

/** Reads a JSON file of the repository; `T` is what the caller knows of its shape. */
export function readJson<T>(path: string): T {
  // The shapes asked for are of files that npm and tsc hold to their own schemas.
  return JSON.parse(readFileSync(join(ROOT, path), "utf8")) as T;
}

/** The manifest of a package, or of the root for `.`. */
export function manifestOf(folder: string): Manifest {
  return readJson<Manifest>(join(folder, "package.json"));
}

/** Reads and scans one source file. */
export function readSource(path: string): SourceFile {
  const source = scanSource(readFileSync(join(ROOT, path), "utf8"));
  return { path, source, imports: importsOf(source), isTest: /\.(?:test|cases)\.ts$/.test(path) };
}

function filesBelow(folder: string, wanted: RegExp): readonly SourceFile[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
    .filter((file) => wanted.test(file) && !/(?:^|\/)(?:node_modules|dist)\//.test(file))
    .sort()
    .map((file) => readSource(join(folder, file)));
}

/** Every TypeScript file below a folder, generated code (`gen/`) left out, sorted. */
export function sourcesBelow(folder: string): readonly SourceFile[] {
  return filesBelow(folder, /^(?!(?:.*\/)?gen\/).*\.ts$/);
}

function readPackage(name: string): Package {
  const folder = join("packages", name);
  const manifest = manifestOf(folder);
  const tsconfig = readJson<{ references?: readonly { path: string }[] }>(join(folder, "tsconfig.json"));
  return {
    name,
    dependencies: new Map(Object.entries(manifest.dependencies ?? {})),
    entries: Object.keys(manifest.exports ?? {}),
    references: (tsconfig.references ?? []).map(({ path }) => path.replace(/^\.\.\//, "")),
    files: sourcesBelow(join(folder, "src")),
    generated: filesBelow(join(folder, "src"), /(?:^|\/)gen\/.*\.[jt]s$/),
  };
}

/** Every package of the workspace, sorted by name. */
export function readPackages(): readonly Package[] {
  return readdirSync(join(ROOT, "packages"))
    .filter((name) => existsSync(join(ROOT, "packages", name, "package.json")))
    .sort()
    .map(readPackage);
}

/** Every file that git tracks and that is there, from the root. */
export function trackedFiles(): readonly string[] {
  return execFileSync("git", ["ls-files", "-z"], { cwd: ROOT, encoding: "utf8", maxBuffer: 1 << 24 })
    .split("\0")
    .filter((path) => path !== "" && existsSync(join(ROOT, path)));
}
