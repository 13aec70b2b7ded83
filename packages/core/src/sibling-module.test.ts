import { expect, test } from "vitest";
import { siblingModule } from "./sibling-module.ts";

test.each([
  ["file:///p/src/threads/pool.ts", "file:///p/src/threads/task.ts"],
  ["file:///p/dist/threads/pool.js", "file:///p/dist/threads/task.js"],
])("beside %s", (beside, url) => {
  expect(siblingModule("task", beside).href).toBe(url);
});
