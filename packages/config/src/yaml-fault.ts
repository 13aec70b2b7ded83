/** What is wrong with a text that is not YAML, in our words: those of the parser may quote the file, and with it a secret. */
import type { ErrorCode } from "yaml";

/**
 * A sentence for each of the parser's codes; it follows "is not YAML: ". Each says what to change, since the line is named beside
 * it. The type makes the table total: a code that a new version of the parser brings is a compile error here.
 */
const SENTENCES: Readonly<Record<ErrorCode, string>> = {
  ALIAS_PROPS: "an alias (*name) takes no anchor and no tag",
  BAD_ALIAS: "an alias (*name) needs an anchor (&name) before it; text that begins with * or & goes in quotes",
  BAD_COLLECTION_TYPE: "a tag (!name) does not fit the list or map that it stands before",
  BAD_DIRECTIVE: "a line that begins with % is no directive that is known; text that begins with % goes in quotes",
  BAD_DQ_ESCAPE: 'an escape in "…" is none of YAML\'s; write \\\\ for a backslash, or use single quotes',
  BAD_INDENT: "the indentation does not fit the lines before it, or a closing ] or } is missing",
  BAD_PROP_ORDER: "an anchor or a tag stands where none may",
  BAD_SCALAR_START: "text that begins with one of @ ` | > % goes in quotes",
  BLOCK_AS_IMPLICIT_KEY: 'two "key:" in one line; text with ": " in it goes in quotes',
  BLOCK_IN_FLOW: "lines that begin with - or key: cannot stand inside […] or {…}",
  DUPLICATE_KEY: "the same key stands twice in one map; keep one of them",
  IMPOSSIBLE: "the parser cannot make sense of it",
  KEY_OVER_1024_CHARS: "a key is longer than 1024 characters",
  MISSING_CHAR: "a closing quote, ] or }, or a : or , is missing",
  MULTILINE_IMPLICIT_KEY: "a key spreads over several lines; is a : missing?",
  MULTIPLE_ANCHORS: "a value has two anchors (&name)",
  MULTIPLE_DOCS:
    "there are several documents, separated by ---; give each a file of its own and name both with --config",
  MULTIPLE_TAGS: "a value has two tags (!name)",
  NON_STRING_KEY: "a key is not text; write it in quotes",
  RESOURCE_EXHAUSTION: "it nests too deeply",
  TAB_AS_INDENT: "a line is indented with a tab; use spaces",
  TAG_RESOLVE_FAILED: "a tag (!name) is not known; text that begins with ! goes in quotes",
  UNEXPECTED_TOKEN: "something stands where nothing was expected; is a quote or a line break missing?",
};

/** The sentence for a parser's code. It never holds anything of the text. */
export function yamlFault(code: ErrorCode): string {
  return `is not YAML: ${SENTENCES[code]}`;
}
