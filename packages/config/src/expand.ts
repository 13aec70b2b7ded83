/**
 * Replaces `${…}` in a configuration, exactly as the Collector does (confmap, `Resolver.expandValue`): `${env:X}`, `${X}`,
 * `${env:X:-default}`, `${yaml:…}`, `${file:…}`, nested ones from the inside out, `$$` for `$`. Runs after files were merged.
 */
import { Fault } from "@rondo/core";
import type { Findings } from "./findings.ts";
import { readYaml } from "./read-yaml.ts";
import type { ConfigNode, Mark } from "./tree.ts";

/** Looks up an environment variable; undefined when it is not set. */
export type Environment = (name: string) => string | undefined;

/** Reads a file that a value names; throws a `config` Fault when it cannot. */
export type ReadFile = (path: string) => string;

/** The environment of this process: the only place where it is read. */
export const processEnvironment: Environment = (name) => process.env[name];

/** What an expansion may be at most. A value that refers to itself hits one of them. */
export const EXPANSION_LIMITS = {
  /** References that lead from one to the next. */
  chain: 1000,
  /** References of a whole configuration. */
  references: 10_000,
  /** Characters of one expanded text, and of everything that references brought. */
  characters: 1 << 20,
  totalCharacters: 1 << 23,
} as const;

const NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/;
const URI = /^([A-Za-z][A-Za-z0-9+.-]+):(.*)$/s;
const TOO_MANY = "too many recursive expansions: a value refers to itself, or to far too many others";

/** Where values come from. */
export interface Sources {
  readonly env: Environment;
  /** Absent: `${file:…}` is a problem. */
  readonly file?: ReadFile;
}

/**
 * The tree with every reference replaced. A value that is one reference takes the type that YAML gives what stands there; a
 * reference inside a text is pasted. An unset variable is nothing, with a warning. What cannot be expanded is a problem and
 * stays as it was. Problems name references, never what they expand to.
 */
export function expandTree(root: ConfigNode, sources: Sources, findings: Findings): ConfigNode {
  return new Expansion(sources, findings).expand(root, [], 0);
}

/** One pass over a tree, with the counts that bound it. */
class Expansion {
  readonly #sources: Sources;
  readonly #findings: Findings;
  #references = 0;
  #characters = 0;
  #exhausted = false;

  constructor(sources: Sources, findings: Findings) {
    this.#sources = sources;
    this.#findings = findings;
  }

  expand(node: ConfigNode, path: readonly string[], chain: number): ConfigNode {
    const made = this.#children(node, path, chain);
    if (node.written === undefined) return made;
    // A field of text will want the text that this value came from. Upstream drops that text when it does not expand.
    const written = this.#text(node.written, node.mark, path, chain, () => {});
    if (typeof written === "string") return { ...made, written: unescaped(written) };
    const { written: _, ...rest } = made;
    return rest;
  }

  /** The node without regard to the text that it may have come from. */
  #children(node: ConfigNode, path: readonly string[], chain: number): ConfigNode {
    if (node.kind === "list") {
      return { ...node, items: node.items.map((item, index) => this.expand(item, [...path, String(index)], chain)) };
    }
    if (node.kind === "map") {
      const entries = [...node.entries].map(([key, one]) => [key, this.expand(one, [...path, key], chain)] as const);
      return { ...node, entries: new Map(entries) };
    }
    if (typeof node.value !== "string") return node;
    const problem = (message: string) => this.#findings.problem(path.join("::"), message, node.mark);
    const found = this.#text(node.value, node.mark, path, chain, problem);
    if (found === undefined || found === node.value) return { ...node, value: unescaped(node.value) };
    if (typeof found === "string") return { kind: "scalar", value: unescaped(found), mark: node.mark, foreign: true };
    return this.expand(found.node, path, found.chain);
  }

  /** The expanded text; a node when the whole text was one reference; undefined after a problem. */
  #text(
    text: string,
    mark: Mark,
    path: readonly string[],
    chain: number,
    problem: (message: string) => void,
  ): string | { readonly node: ConfigNode; readonly chain: number } | undefined {
    let rest = text;
    let steps = chain;
    for (let uri = findReference(rest); uri !== undefined; uri = findReference(rest)) {
      this.#references++;
      const value = this.#retrieve(uri.slice(2, -1), mark, path, problem);
      if (value === undefined) return undefined;
      this.#characters += value.length;
      const whole = uri === rest;
      if (!whole) rest = rest.replaceAll(uri, () => value);
      if (++steps > EXPANSION_LIMITS.chain || rest.length > EXPANSION_LIMITS.characters || this.#overTotal()) {
        // Said once: whatever refers to itself does so from many places.
        if (!this.#exhausted) problem(TOO_MANY);
        this.#exhausted = true;
      }
      if (this.#exhausted) return undefined;
      if (whole) return { node: fromText(value, mark), chain: steps };
    }
    return rest;
  }

  #overTotal(): boolean {
    return this.#references > EXPANSION_LIMITS.references || this.#characters > EXPANSION_LIMITS.totalCharacters;
  }

  /** The text that a reference stands for; undefined after a problem. */
  #retrieve(
    written: string,
    mark: Mark,
    path: readonly string[],
    problem: (message: string) => void,
  ): string | undefined {
    const [, scheme, opaque] = URI.exec(written.includes(":") ? written : `env:${written}`) ?? [];
    if (/^[A-Za-z_][A-Za-z0-9_]*:-/.test(written)) {
      problem(
        `has a default without a scheme, which the Collector does not take; write \${env:${written.split(":-", 1)[0]}:-…}`,
      );
      return undefined;
    }
    if (scheme === undefined || opaque === undefined) {
      problem(`has a reference that is none: write \${env:NAME}, or $\${ for the characters \${ themselves`);
      return undefined;
    }
    if (opaque.includes("$")) {
      problem("has a $ inside a reference, which the Collector does not allow");
      return undefined;
    }
    if (scheme === "yaml") return opaque;
    if (scheme === "file") return this.#file(opaque, problem);
    if (scheme === "env") return this.#variable(opaque, mark, path, problem);
    problem(`scheme "${scheme}" is not supported in a reference; known: env, file, yaml`);
    return undefined;
  }

  /** `NAME` or `NAME:-default`. The empty text that an unset variable gives is what upstream gives as well. */
  #variable(
    opaque: string,
    mark: Mark,
    path: readonly string[],
    problem: (message: string) => void,
  ): string | undefined {
    const split = opaque.indexOf(":-");
    const name = split < 0 ? opaque : opaque.slice(0, split);
    if (!NAME.test(name)) {
      problem(
        // Such a "name" may be a piece of a password that has ${ in it: only what looks like one is repeated.
        `environment variable${/^[\w.-]{1,64}$/.test(name) ? ` "${name}"` : ""} has invalid name: must match regex ` +
          `${NAME.source}; for the characters \${ themselves write $\${`,
      );
      return undefined;
    }
    const value = this.#sources.env(name);
    if (value === undefined && split < 0) {
      this.#findings.warn(
        path.join("::"),
        `environment variable ${name} is not set, so the value is empty; set it, or write \${env:${name}:-default}`,
        mark,
      );
    }
    return value ?? (split < 0 ? "" : opaque.slice(split + 2));
  }

  /** The text of a file, whose last line break stays, as upstream. */
  #file(name: string, problem: (message: string) => void): string | undefined {
    if (this.#sources.file === undefined) {
      problem("refers to a file, which is not allowed here");
      return undefined;
    }
    try {
      return this.#sources.file(name);
    } catch (thrown) {
      const fault = Fault.from(thrown);
      if (fault.code === "bug") throw thrown;
      problem(fault.message);
      return undefined;
    }
  }
}

/** The value of a whole-value reference: what YAML makes of the text, or the text itself when it is none. */
function fromText(text: string, mark: Mark): ConfigNode {
  if (text === "") return { kind: "scalar", value: null, written: "", mark, foreign: true };
  let isYaml = true;
  const fail = () => {
    isYaml = false;
  };
  const read = readYaml(mark.file, text, fail, { paths: false });
  const verbatim: ConfigNode = { kind: "scalar", value: text, mark, foreign: true };
  // Quotes of a YAML string stay, as upstream: ENV='"x"' is the three characters "x".
  if (!isYaml || read === undefined || (read.kind === "scalar" && typeof read.value === "string")) return verbatim;
  return { ...from(read, mark), written: text };
}

/** Gives everything in a tree the mark of the reference that brought it. */
function from(node: ConfigNode, mark: Mark): ConfigNode {
  const made = { mark, foreign: true };
  if (node.kind === "scalar") return { ...node, ...made };
  if (node.kind === "list") return { ...node, ...made, items: node.items.map((item) => from(item, mark)) };
  return { ...node, ...made, entries: new Map([...node.entries].map(([key, one]) => [key, from(one, mark)])) };
}

/** The first reference that can be expanded now: it holds no other, and no odd number of `$` stands before it. */
function findReference(text: string): string | undefined {
  let begin = 0;
  for (let close = text.indexOf("}"); close >= 0; close = text.indexOf("}", begin)) {
    const open = text.slice(begin, close + 1).lastIndexOf("${");
    if (open >= 0) {
      const before = /\$*$/.exec(text.slice(begin, begin + open))?.[0].length ?? 0;
      if (before % 2 === 0) return text.slice(begin + open, close + 1);
    }
    begin = close + 1;
  }
  return undefined;
}

/** Done once a text holds no more references, so that what `$$` hid is not taken for one. */
function unescaped(text: string): string {
  return text.replaceAll("$$", () => "$");
}
