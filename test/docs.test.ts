import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { GENERATED_PAGES } from "./docs.ts";

test.each([...GENERATED_PAGES])("%s is what the sources say (npm run docs writes it)", (path, page) => {
  expect(readFileSync(new URL(`../${path}`, import.meta.url), "utf8")).toBe(page());
});
