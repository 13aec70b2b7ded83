/** What may stand between a binary operator and its right side: `bool`, `on`/`ignoring`, `group_left`/`group_right`, `fill`. */
import type { Matching } from "./expr.ts";
import { LABEL_NAME } from "./keywords.ts";
import { readSigned } from "./parse-number.ts";
import type { TokenReader } from "./token-reader.ts";

/** The modifiers of an operator; `matching` is what was written, or the default. */
export interface Modifiers {
  readonly bool: boolean;
  readonly matching: Matching;
  /** Whether any word about matching was written. */
  readonly written: boolean;
}

/** Reads the modifiers behind an operator. */
export function readModifiers(reader: TokenReader): Modifiers {
  // In this order only, as in the grammar of Prometheus.
  const bool = reader.skipWord("bool");
  const matching: { -readonly [Key in keyof Matching]: Matching[Key] } = {
    cardinality: "one-to-one",
    on: false,
    labels: [],
    include: [],
  };
  const word = reader.word();
  let written = false;
  if (word === "on" || word === "ignoring") {
    reader.next();
    matching.on = word === "on";
    matching.labels = readGrouping(reader);
    written = true;
    const group = reader.word();
    if (group === "group_left" || group === "group_right") {
      reader.next();
      matching.cardinality = group === "group_left" ? "many-to-one" : "one-to-many";
      // `group_left (x) y` takes the parentheses for labels, as the reference does.
      if (reader.is("(")) matching.include = readGrouping(reader);
    }
  }
  // `fill` and its two halves may be combined; the last word on a side counts.
  for (;;) {
    const fill = reader.word();
    // Without a number in parentheses it is the name of a metric.
    if ((fill !== "fill" && fill !== "fill_left" && fill !== "fill_right") || reader.peek(1).kind !== "(") break;
    reader.next();
    reader.next();
    const value = readSigned(reader, "fill modifier", "number");
    reader.expect(")", "fill modifier");
    if (fill !== "fill_right") matching.fillLeft = value;
    if (fill !== "fill_left") matching.fillRight = value;
    written = true;
  }
  return { bool, matching, written };
}

/** Reads `(label, …)`; names may be quoted, a comma may follow the last. */
export function readGrouping(reader: TokenReader): readonly string[] {
  const context = "grouping opts";
  reader.expect("(", context);
  const labels: string[] = [];
  while (!reader.skip(")")) {
    const token = reader.peek();
    if (token.kind === "string") labels.push(reader.string(context));
    else if (token.kind === "word" && LABEL_NAME.test(token.text)) labels.push(reader.next().text);
    else throw reader.unexpected(context, "label");
    if (!reader.skip(",") && !reader.is(")")) throw reader.unexpected(context, '"," or ")"');
  }
  return labels;
}
