/** Patterns in which `*` stands for any letters, also none. No regular expression is made of what a user writes. */

/** Whether all of `text` is what the pattern describes. */
export function matchesPattern(pattern: string, text: string): boolean {
  const [first = "", ...rest] = pattern.split("*");
  const last = rest.pop();
  if (last === undefined) return text === first;
  if (!text.startsWith(first)) return false;
  let at = first.length;
  // Between two stars the earliest place is as good as any: it leaves most of the text to what follows.
  for (const part of rest) {
    const found = text.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return text.length - last.length >= at && text.endsWith(last);
}
