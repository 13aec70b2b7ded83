/** Scalars as the Collector's YAML reads them: YAML 1.2, with the octals and underscores of 1.1 that go-yaml keeps. */
import type { Scalar as YamlScalar } from "yaml";
import type { Scalar } from "./tree.ts";

// go-yaml resolves integers with strconv.ParseInt(text, 0, 64) after taking out underscores: 0123 and 0o123 are both octal.
const OCTAL = /^([-+]?)0([0-7]+)$/;
const WITH_UNDERSCORES = /^[-+]?(?:0[xX][0-9a-fA-F_]+|0[bB][01_]+|0[oO]?[0-7_]+|[1-9][0-9_]*)$/;
const FLOAT = /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/;
const BINARY = /^([-+]?)0[bB]([01]+)$/;

/** A scalar's value and, where that is not the text itself, the text as it stands in the file. */
export function scalarOf(node: YamlScalar): { readonly value: Scalar; readonly written?: string } {
  const { source, value } = node;
  const plain = node.type === "PLAIN" && node.tag === undefined;
  const number = plain && source !== undefined ? (wholeNumber(source) ?? underscoredFloat(source)) : undefined;
  if (number !== undefined && source !== undefined) return { value: number, written: source };
  if (typeof value === "string") return { value };
  if (value === null || value === undefined) return { value: null };
  const known =
    typeof value === "number" || typeof value === "boolean" || typeof value === "bigint" ? value : undefined;
  const written = source ?? String(value);
  return known === undefined ? { value: written } : { value: known, written };
}

/** A whole number in any notation that go-yaml takes (strconv.ParseInt with base 0); undefined when it is none. */
function wholeNumber(source: string): number | bigint | undefined {
  if (!WITH_UNDERSCORES.test(source) && !/^[-+]?[0-9]+$/.test(source)) return undefined;
  const text = source.replaceAll("_", "");
  const octal = OCTAL.exec(text);
  const binary = BINARY.exec(text);
  const [, sign = "", digits = ""] = octal ?? binary ?? /^([-+]?)(.*)$/.exec(text) ?? [];
  const prefix = octal ? "0o" : binary ? "0b" : "";
  try {
    const magnitude = BigInt(`${prefix}${digits}`);
    const whole = sign === "-" ? -magnitude : magnitude;
    const small = Number(whole);
    return Number.isSafeInteger(small) ? small : whole;
  } catch {
    // A leading zero with an 8 or 9 in it, such as 089: no octal, and to go-yaml no whole number either.
    return undefined;
  }
}

/** A number such as `1_000.5`, which YAML 1.2 has as text; undefined for everything that has no underscore. */
function underscoredFloat(source: string): number | undefined {
  if (!source.includes("_") || !/^[-+.0-9]/.test(source)) return undefined;
  const text = source.replaceAll("_", "");
  return FLOAT.test(text) ? Number(text) : undefined;
}
