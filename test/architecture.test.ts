/** The shape of the repository, held: what may import what, where the world may be touched, what each file has beside it. */
import { readFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { basename, dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { LEVELS, mayImport, TEST_PACKAGES, TEST_TOOLS, THIRD_PARTY } from "./arrows.ts";
import { AMBIENT, DECODES, ENVIRONMENT, TERMINAL, UNTESTED } from "./exceptions.ts";
import { matchesInCode, scanSource } from "./scan-source.ts";
import { manifestOf, type Package, ROOT, readPackages, type SourceFile, trackedFiles } from "./workspace.ts";

const packages = readPackages();
const files = packages.flatMap((one) => one.files);
const production = files.filter((file) => !file.isTest);
/** What runs at a user's: testkit and the contract suites in it leave the machine's clock and sockets to the tests. */
const shipped = production.filter(
  (file) => !Object.keys(TEST_PACKAGES).some((name) => file.path.startsWith(`packages/${name}/`)),
);

/** The package that a specifier belongs to: `@rondo/otlp` of `@rondo/otlp/codec`. */
function packageOf(specifier: string): string {
  return specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");
}

interface Bare {
  readonly file: SourceFile;
  readonly line: number;
  readonly target: string;
}

/** Imports of packages, ours and others, of the given files; relative ones and Node's own are left out. */
function packageImports(of: readonly SourceFile[]): readonly Bare[] {
  return of.flatMap((file) =>
    file.imports.flatMap(({ specifier, line }) =>
      specifier === undefined || specifier.startsWith(".") || specifier.startsWith("node:")
        ? []
        : [{ file, line, target: packageOf(specifier) }],
    ),
  );
}

/** What a pattern finds outside comments and strings, as `path:line: match`, with the excepted files left out. */
function uses(
  of: readonly SourceFile[],
  pattern: RegExp,
  excepted: Readonly<Record<string, string>>,
): readonly string[] {
  return of
    .filter((file) => excepted[file.path] === undefined)
    .flatMap((file) => matchesInCode(file.source, pattern).map(({ match, line }) => `${file.path}:${line}: ${match}`));
}

/** Exceptions for files that are gone or do not need them any more. */
function idle(excepted: Readonly<Record<string, string>>, needs: (file: SourceFile) => boolean): readonly string[] {
  return Object.keys(excepted).filter((path) => !files.some((file) => file.path === path && needs(file)));
}

const own = (name: string) => `@rondo/${name}`;

describe("imports", () => {
  test("every package has a level, and every level's package exists", () => {
    const named = [...LEVELS.flat(), ...Object.keys(TEST_PACKAGES)].sort();
    expect(named, "test/arrows.ts and packages/ differ").toEqual(packages.map((one) => one.name));
  });

  test.each(packages.map((one) => [one.name, one] as const))("%s imports only what lies below it", (name, one) => {
    const allowed = new Set([name, ...mayImport(name)].map(own));
    const upward = packageImports(one.files)
      .filter(({ target }) => target.startsWith("@rondo/") && !allowed.has(target))
      .filter(({ file, target }) => !(file.isTest && TEST_TOOLS.includes(target)))
      .map(({ file, line, target }) => `${file.path}:${line} imports ${target}`);
    expect(
      upward,
      `${name} may import: ${mayImport(name).join(", ")}; move the code down, or take it as an argument`,
    ).toEqual([]);
  });

  test("a third-party package is imported only where test/arrows.ts says", () => {
    const strays = packages.flatMap((one) =>
      packageImports(one.files)
        .filter(({ target }) => !target.startsWith("@rondo/"))
        .filter(({ file, target }) => !((file.isTest || one.name in TEST_PACKAGES) && TEST_TOOLS.includes(target)))
        .filter(({ target }) => !(THIRD_PARTY[target] ?? []).includes(one.name))
        .map(({ file, line, target }) => `${file.path}:${line} imports ${target}`),
    );
    expect(
      strays,
      "add the package to THIRD_PARTY with a word in docs/dependencies.md, or go through the package that has it",
    ).toEqual([]);
  });

  test("tests only import testkit", () => {
    const strays = packageImports(production)
      .filter(({ target, file }) => target === "@rondo/testkit" && !file.path.startsWith("packages/testkit/"))
      .map(({ file, line }) => `${file.path}:${line}`);
    expect(strays, "testkit is never part of what runs in production").toEqual([]);
  });

  test("relative imports stay in their package and name the file", () => {
    const strays = files.flatMap((file) =>
      file.imports
        .filter(({ specifier }) => specifier?.startsWith("."))
        .filter(({ specifier = "" }) => {
          const target = join(dirname(file.path), specifier);
          const home = file.path.split("/").slice(0, 3).join("/");
          return !target.startsWith(`${home}/`) || !/\.(?:ts|js|json)$/.test(target);
        })
        .map(({ specifier, line }) => `${file.path}:${line}: ${specifier}`),
    );
    expect(strays, "another package is imported by its name; a file of one's own ends in .ts").toEqual([]);
  });

  test("no import is computed", () => {
    const computed = files.flatMap((file) =>
      file.imports.filter(({ specifier }) => specifier === undefined).map(({ line }) => `${file.path}:${line}`),
    );
    expect(computed, "what a program consists of can be read from its sources").toEqual([]);
  });

  test("the generated codec is used only where objects are asked for", () => {
    const decoding = shipped.filter((file) => file.imports.some(({ specifier }) => specifier === "@rondo/otlp/codec"));
    const allowed = Object.keys(DECODES);
    const strays = decoding
      .map(({ path }) => path)
      .filter((path) => !allowed.some((folder) => path.startsWith(folder)));
    expect(
      strays,
      "no hot path decodes into objects; if this is none, say so in DECODES of test/exceptions.ts",
    ).toEqual([]);
    const idleFolders = allowed.filter((folder) => !decoding.some(({ path }) => path.startsWith(folder)));
    expect(idleFolders, "these exceptions are no longer needed").toEqual([]);
  });
});

describe("manifests", () => {
  /** The packages that what is built of a package imports, sorted. */
  const imported = (one: Package) =>
    [
      ...new Set(
        packageImports([...one.files.filter((file) => !file.isTest), ...one.generated]).map(({ target }) => target),
      ),
    ]
      .filter((target) => target !== own(one.name) && !TEST_TOOLS.includes(target))
      .sort();

  test.each(packages.map((one) => [one.name, one] as const))("%s depends on what it imports, no more", (_name, one) => {
    expect([...one.dependencies.keys()].sort(), "package.json and the imports of the sources differ").toEqual(
      imported(one),
    );
  });

  test.each(packages.map((one) => [one.name, one] as const))(
    "%s refers to the projects that it depends on",
    (_name, one) => {
      const expected = [...one.dependencies.keys()]
        .filter((name) => name.startsWith("@rondo/"))
        .map((name) => name.slice(7));
      expect([...one.references].sort(), "tsconfig.json references and package.json dependencies differ").toEqual(
        expected.sort(),
      );
    },
  );

  test("every version is exact", () => {
    const all = [manifestOf("."), ...packages.map((one) => manifestOf(join("packages", one.name)))];
    const loose = all
      .flatMap(({ dependencies, devDependencies, optionalDependencies }) =>
        Object.entries({ ...dependencies, ...devDependencies, ...optionalDependencies }),
      )
      .filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version))
      .map(([name, version]) => `${name}: ${version}`);
    expect(loose).toEqual([]);
  });

  test("the lockfile names no registry", () => {
    expect(readFileSync(join(ROOT, "package-lock.json"), "utf8")).not.toMatch(/"resolved": "http/);
  });
});

describe("the world outside", () => {
  const environment = /\bprocess\s*\.\s*env\b/g;
  const ambient =
    /\b(?:Date\.now|Math\.random|performance\.now|process\.hrtime|set(?:Timeout|Interval|Immediate)|random(?:UUID|Bytes|Int)|getRandomValues)\b(?=\s*\()|\bnew Date\(\s*\)/g;
  const terminal = /\bprocess\s*\.\s*(?:argv|exit)\b|\bconsole\s*\./g;

  test("the environment is read in one place", () => {
    expect(uses(shipped, environment, ENVIRONMENT), "let the configuration name the variable").toEqual([]);
    expect(idle(ENVIRONMENT, (file) => matchesInCode(file.source, environment).length > 0)).toEqual([]);
  });

  test("time and chance are arguments", () => {
    expect(uses(shipped, ambient, AMBIENT), "take a Clock or a Random; tests decide both").toEqual([]);
    expect(idle(AMBIENT, (file) => matchesInCode(file.source, ambient).length > 0)).toEqual([]);
  });

  test("only the command line reads arguments, exits and prints", () => {
    const below = shipped.filter((file) => !file.path.startsWith("packages/cli/"));
    expect(uses(below, terminal, TERMINAL), "return a value or throw a Fault; the command line says it").toEqual([]);
    expect(idle(TERMINAL, (file) => matchesInCode(file.source, terminal).length > 0)).toEqual([]);
  });
});

describe("files", () => {
  /** Whether anything is left of a file when its types, imports and re-exports are taken away. */
  const declaresNoBehaviour = (file: SourceFile) => {
    const { code } = scanSource(stripTypeScriptTypes(file.source.text));
    return /^[\s;]*$/.test(
      code.replace(/\b(?:import|export)\b[^;]*?\bfrom\s*"[^"]*"|\bimport\s*"[^"]*"|export\s*\{[^}]*\}/g, ""),
    );
  };
  const tests = new Set(files.filter((file) => file.isTest).map((file) => file.path));
  /** A test of the same name, a YAML of cases, or a test of the same folder that imports it. */
  const isTested = (file: SourceFile) =>
    tests.has(file.path.replace(/\.ts$/, ".test.ts")) ||
    tracked.has(file.path.replace(/\.ts$/, ".test.yaml")) ||
    files.some(
      (other) =>
        other.isTest &&
        dirname(other.path) === dirname(file.path) &&
        other.imports.some(({ specifier }) => specifier === `./${basename(file.path)}`),
    );
  const tracked = new Set(trackedFiles());

  test("every source file has a test beside it", () => {
    const bare = production
      .filter((file) => basename(file.path) !== "index.ts" && !isTested(file) && !declaresNoBehaviour(file))
      .map((file) => file.path)
      .filter((path) => UNTESTED[path] === undefined);
    expect(bare, "write x.test.ts beside x.ts, or say in UNTESTED of test/exceptions.ts what else tests it").toEqual(
      [],
    );
    expect(
      idle(UNTESTED, (file) => !isTested(file)),
      "these have tests now; take them out of UNTESTED",
    ).toEqual([]);
  });

  test("names are in kebab-case and say what is inside", () => {
    const vague = /(?:^|[-/.])(?:utils?|helpers?|common|managers?|misc|stuff)(?:[-/.]|$)/;
    const bad = files
      .map((file) => file.path)
      .filter((path) => vague.test(path) || !/^[a-z0-9-]+(?:\.[a-z0-9-]+)*\.ts$/.test(basename(path)));
    expect(bad).toEqual([]);
  });

  test("every source file opens with its promise", () => {
    const silent = production
      .filter((file) => !/^(?:#![^\n]*\n)?\/\*\*/.test(file.source.text))
      .map((file) => file.path);
    expect(silent, "the first thing in a file is a sentence on what it promises").toEqual([]);
  });

  test("no source file is longer than 500 lines", () => {
    const long = production
      .map((file) => ({ path: file.path, lines: file.source.text.split("\n").length - 1 }))
      .filter(({ lines }) => lines > 500);
    expect(long).toEqual([]);
  });
});

describe("tracked files", () => {
  const texts = trackedFiles()
    .filter((path) => !/\.(?:gz|png|ico|bin|pb)$/.test(path) && path !== "package-lock.json")
    .map((path) => ({ path, text: readFileSync(join(ROOT, path), "utf8") }));
  /** Joined from parts, so that this file does not break its own rule. */
  const pattern = (...parts: readonly string[]) => new RegExp(parts.join("|"), "g");
  const findings = (where: RegExp, ...except: readonly RegExp[]) =>
    texts
      .filter(({ path }) => !except.some((one) => one.test(path)))
      .flatMap(({ path, text }) => [...text.matchAll(where)].map((hit) => `${path}: ${hit[0]}`));

  test("name no folder of one machine", () => {
    const folders = pattern(String.raw`(?<![\w.@-])/(?:work|root|home)/[a-z.]`, "/tmp/[a-z]");
    expect(findings(folders), "take the folder as an argument, or os.tmpdir()").toEqual([]);
  });

  test("read nothing beside the repository", () => {
    expect(
      findings(pattern(String.raw`\.\./${"shared"}`), /^test\/conformance\//),
      "copy what is needed into the repository",
    ).toEqual([]);
  });

  test("name no package registry's host", () => {
    const hosts = [
      "registry.npmjs",
      "registry.yarnpkg",
      "pypi",
      "pythonhosted",
      "proxy.golang",
      "deb.debian",
      "repo.maven",
      "repo1.maven",
      "static.crates",
    ];
    expect(findings(pattern(...hosts.map((host) => `${host.replace(".", "\\.")}\\.org`)))).toEqual([]);
  });
});
