/** Writes the pages of docs/ that are made from the sources: `npm run docs`. */
import { writeFileSync } from "node:fs";
import { COMPONENT_TYPES } from "@rondo/cli";
import { configurationPage } from "@rondo/config";

/** Every generated page, by its path in the repository, with what it must say now. */
export const GENERATED_PAGES: ReadonlyMap<string, () => string> = new Map([
  ["docs/configuration.md", () => configurationPage(COMPONENT_TYPES)],
]);

if (import.meta.main) {
  for (const [path, page] of GENERATED_PAGES) writeFileSync(new URL(`../${path}`, import.meta.url), page());
}
