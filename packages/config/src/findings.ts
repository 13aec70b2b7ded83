/** Where everything that is wrong or odd in a configuration is gathered, each with its path, file and line. */
import type { Place } from "@rondo/core";
import type { Finding } from "./graph.ts";
import { type ConfigNode, type Mark, nodeAt } from "./tree.ts";

/** Problems keep a configuration from running, warnings do not. Both only grow. */
export class Findings {
  readonly problems: Finding[] = [];
  readonly warnings: Finding[] = [];

  /** Adds what must be put right. */
  problem(path: string, message: string, mark?: Mark): void {
    this.problems.push({ path, message, ...mark });
  }

  /** Adds what works but is probably not meant. */
  warn(path: string, message: string, mark?: Mark): void {
    this.warnings.push({ path, message, ...mark });
  }
}

/** A place in a tree: what is found there is reported with the nearest mark that the files have for it. */
export class TreePlace implements Place {
  readonly #keys: readonly string[];
  readonly #mark: Mark | undefined;
  readonly #findings: Findings;
  /** What stands here; undefined when the files say nothing. */
  readonly node: ConfigNode | undefined;

  constructor(node: ConfigNode | undefined, findings: Findings, keys: readonly string[] = [], mark?: Mark) {
    this.node = node;
    this.#keys = keys;
    this.#mark = mark;
    this.#findings = findings;
  }

  get path(): string {
    return this.#keys.join("::");
  }

  problem(message: string): void {
    this.#findings.problem(this.path, message, this.#mark);
  }

  warn(message: string): void {
    this.#findings.warn(this.path, message, this.#mark);
  }

  at(key: string | number): TreePlace {
    const node = nodeAt(this.node, [key]);
    return new TreePlace(node, this.#findings, [...this.#keys, String(key)], node?.mark ?? this.#mark);
  }

  /** The place some keys and indexes deeper. */
  down(...keys: readonly (string | number)[]): TreePlace {
    return keys.reduce<TreePlace>((place, key) => place.at(key), this);
  }
}

/** Findings in the order of the files and, within a file, of the lines; what has no place comes last. */
export function inFileOrder(findings: readonly Finding[], files: readonly string[]): readonly Finding[] {
  const rank = ({ file }: Finding) => {
    const index = file === undefined ? -1 : files.indexOf(file);
    return index < 0 ? files.length : index;
  };
  return [...findings].sort((a, b) => rank(a) - rank(b) || (a.line ?? Infinity) - (b.line ?? Infinity) || 0);
}
