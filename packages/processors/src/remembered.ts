/** Remembers the answers of a test of texts: telemetry has few keys and names, each a great many times. */

/** How many answers are remembered, and how long a text may be. */
const LIMITS = { texts: 1_024, length: 256 } as const;

/** The same predicate, which asks `test` once for each of the first texts. */
export function remembered(test: (text: string) => boolean): (text: string) => boolean {
  const known = new Map<string, boolean>();
  return (text) => {
    const before = known.get(text);
    if (before !== undefined) return before;
    const answer = test(text);
    if (known.size < LIMITS.texts && text.length <= LIMITS.length) known.set(text, answer);
    return answer;
  };
}
