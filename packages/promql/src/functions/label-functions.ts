/** Functions that write labels: they look at series, not at samples. */

import type { Frame } from "../frame.ts";
import { labelValue, METRIC_NAME, withLabel } from "../labels.ts";
import { compileAnchored } from "../matcher.ts";
import { mergeRows } from "../merge-rows.ts";
import { PromqlError } from "../promql-error.ts";
import type { Labels } from "../queryable.ts";
import type { Call, PromqlFunction } from "./function-type.ts";

/** Whether a text can be a label's name: any UTF-8 but the empty text. */
export function isLabelName(name: string): boolean {
  return name !== "" && name.isWellFormed();
}

/** The label's name that argument `index` is. Throws for what can be no name. */
function checkName(call: Call, index: number, role: string): string {
  const name = call.text(index);
  if (!isLabelName(name))
    throw new PromqlError("execution", `invalid ${role} label name in ${call.expr.name}(): ${name.toWellFormed()}`);
  return name;
}

/** Gives every row the label `name` that `value` makes of its labels; undefined leaves a row as it is. */
function relabel(call: Call, name: string, value: (labels: Labels) => string | undefined): Frame {
  // Cells are shared with the argument: only labels change.
  const out = call.vector(0).relabelled();
  for (const [row, labels] of out.labels.entries()) {
    const text = value(labels);
    if (text === undefined) continue;
    out.labels[row] = withLabel(labels, name, text);
    // A name that is written here is meant to stay.
    if (name === METRIC_NAME) out.dropName[row] = false;
  }
  return mergeRows(out);
}

/** `$1`, `${1}`, `$name` and `$$` of a replacement as Go expands them. */
function expand(replacement: string, group: (name: string) => string): string {
  return replacement.replace(/\$(?:\$|(\w+)|\{(\w+)\})/g, (whole, plain?: string, braced?: string) =>
    whole === "$$" ? "$" : group(plain ?? braced ?? ""),
  );
}

/** Functions of labels. */
export const LABEL_FUNCTIONS: readonly PromqlFunction[] = [
  {
    name: "label_replace",
    doc: "Sets a label to a replacement filled from another label's match; series that do not match stay as they are.",
    args: ["vector", "string", "string", "string", "string"],
    result: "vector",
    run: {
      kind: "frame",
      apply(call) {
        const [replacement, source, pattern] = [call.text(2), call.text(3), call.text(4)];
        // Compiled once a call, before anything is evaluated: a mistake in it shows even where there is no data.
        let regex: ReturnType<typeof compileAnchored>;
        try {
          regex = compileAnchored(pattern);
        } catch {
          throw new PromqlError("execution", `invalid regular expression in label_replace(): ${pattern}`);
        }
        const name = checkName(call, 1, "destination");
        return relabel(call, name, (labels) => {
          // The whole value must match: the expression is anchored.
          const match = regex.matcher(labelValue(labels, source));
          if (!match.matches()) return undefined;
          // A group that there is not, or that took no part, is empty.
          const groups = regex.namedGroups();
          return expand(replacement, (group) => {
            const index = /^\d+$/.test(group) ? Number(group) : (groups[group] ?? -1);
            return index >= 0 && index <= match.groupCount() ? (match.group(index) ?? "") : "";
          });
        });
      },
    },
  },
  {
    name: "label_join",
    doc: "Sets a label to the values of others, joined.",
    args: ["vector", "string", "string", "string"],
    variadic: -1,
    result: "vector",
    run: {
      kind: "frame",
      apply(call) {
        const separator = call.text(2);
        const sources = call.expr.args.slice(3).map((_, index) => checkName(call, index + 3, "source"));
        const name = checkName(call, 1, "destination");
        return relabel(call, name, (labels) => sources.map((source) => labelValue(labels, source)).join(separator));
      },
    },
  },
];
