/**
 * Tells code from comments and strings in a TypeScript file, so that the rules about sources are not fooled by prose. A
 * tokenizer, no parser: it knows where literals begin and end and nothing of grammar.
 */

/** A stretch of a file, as offsets `[start, stop)`. */
export interface Span {
  readonly start: number;
  readonly stop: number;
}

/** A file with its comments and strings found. */
export interface Scanned {
  readonly text: string;
  /** The text with comments and the insides of strings and regular expressions blanked; offsets and lines stay. */
  readonly code: string;
  readonly comments: readonly Span[];
}

/** What one imports, and how. */
export interface Import {
  /** The specifier, or undefined for an `import()` whose argument is computed. */
  readonly specifier: string | undefined;
  readonly line: number;
}

// A slash begins a regular expression after one of these, and divides after anything else.
const BEFORE_REGEX = /(?:^|[(,=:[!&|?{};<>+*%~^-]|\b(?:return|typeof|case|in|of|do|else|throw|await|yield))\s*$/;

/** Where the literal that `quote` opens at `start` ends; an unterminated one ends with its line. */
function endOfQuoted(text: string, start: number, quote: string): number {
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === "\\") at++;
    else if (text[at] === quote) return at + 1;
    else if (text[at] === "\n") return at;
  }
  return text.length;
}

/** Where the regular expression at `start` ends, its flags left out. */
function endOfRegex(text: string, start: number): number {
  let inClass = false;
  for (let at = start + 1; at < text.length && text[at] !== "\n"; at++) {
    if (text[at] === "\\") at++;
    else if (text[at] === "[") inClass = true;
    else if (text[at] === "]") inClass = false;
    else if (text[at] === "/" && !inClass) return at + 1;
  }
  return start + 1;
}

/** Finds the comments and strings of a file. Never throws: a file that does not parse is the compiler's business. */
export function scanSource(text: string): Scanned {
  const code = text.split("");
  const comments: Span[] = [];
  // Depths of braces inside `${…}` of the templates that are open, innermost last.
  const templates: number[] = [];
  let at = text.startsWith("#!") ? text.indexOf("\n") : 0;
  const blank = (start: number, stop: number) => {
    for (let i = start; i < stop; i++) if (code[i] !== "\n") code[i] = " ";
  };
  /** Blanks template text from `start` up to its end or its next `${`, and leaves `at` behind that. */
  const templateText = (start: number) => {
    for (at = start; at < text.length; at++) {
      if (text[at] === "\\") at++;
      else if (text[at] === "`") return blank(start, at++);
      else if (text.startsWith("${", at)) {
        templates.push(0);
        blank(start, at);
        at += 2;
        return;
      }
    }
  };
  while (at < text.length) {
    const char = text[at];
    const depth = templates.at(-1);
    if (text.startsWith("//", at) || text.startsWith("/*", at)) {
      const close = text.startsWith("//", at) ? text.indexOf("\n", at) : text.indexOf("*/", at) + 2;
      const stop = close < 2 ? text.length : close;
      comments.push({ start: at, stop });
      blank(at, stop);
      at = stop;
    } else if (char === '"' || char === "'") {
      const stop = endOfQuoted(text, at, char);
      blank(at + 1, stop - 1);
      at = stop;
    } else if (char === "`") {
      templateText(at + 1);
    } else if (char === "/" && BEFORE_REGEX.test(code.slice(Math.max(0, at - 80), at).join(""))) {
      const stop = endOfRegex(text, at);
      blank(at + 1, stop - 1);
      at = stop;
    } else if (char === "}" && depth === 0) {
      templates.pop();
      templateText(at + 1);
    } else {
      if (depth !== undefined && char === "{") templates[templates.length - 1] = depth + 1;
      if (depth !== undefined && char === "}") templates[templates.length - 1] = depth - 1;
      at++;
    }
  }
  return { text, code: code.join(""), comments };
}

/** The line of an offset, from 1. */
export function lineOf(text: string, offset: number): number {
  let line = 1;
  for (let at = text.indexOf("\n"); at >= 0 && at < offset; at = text.indexOf("\n", at + 1)) line++;
  return line;
}

/** Every match of a pattern in the code of a file, comments and strings left out. The pattern has the `g` flag. */
export function matchesInCode(
  source: Scanned,
  pattern: RegExp,
): readonly { readonly match: string; readonly line: number }[] {
  return [...source.code.matchAll(pattern)].map((found) => ({
    match: found[0].trim(),
    line: lineOf(source.text, found.index),
  }));
}

/** All that a file imports or re-exports: statements, `import()` and `import.meta.resolve()`; types included. */
export function importsOf(source: Scanned): readonly Import[] {
  const found: Import[] = [];
  const statements =
    /(?:^|[;}\n])\s*(?:import|export)\b(?:[^"';]*?\bfrom)?\s*"|\bimport\s*(?:\.meta\.resolve\s*)?\(\s*"/g;
  for (const hit of source.code.matchAll(statements)) {
    const open = hit.index + hit[0].length;
    const specifier = source.text.slice(open, source.text.indexOf('"', open));
    found.push({ specifier, line: lineOf(source.text, open) });
  }
  for (const hit of source.code.matchAll(/\b(?:import|require)\s*\(\s*(?!["\s])/g)) {
    found.push({ specifier: undefined, line: lineOf(source.text, hit.index) });
  }
  return found;
}
