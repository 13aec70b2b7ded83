import { problemsOf } from "@rondo/testkit/promql-cases";
import { expect, test } from "vitest";
import { SORT_FUNCTIONS } from "./sort.ts";

test("values in either order, NaN last, histograms not at all", async () => {
  const script = `
load 1m
  v{k="10"} 3
  v{k="9"} 1
  v{k="b"} NaN
  v{k="a"} 2
  v{k="h"} {{schema:0 count:1 sum:1 buckets:[1]}}

eval instant at 0 sort(v)
  expect ordered
  v{k="9"} 1
  v{k="a"} 2
  v{k="10"} 3
  v{k="b"} NaN

eval instant at 0 sort_desc(v)
  expect ordered
  v{k="10"} 3
  v{k="a"} 2
  v{k="9"} 1
  v{k="b"} NaN

eval instant at 0 sort_by_label(v{k!="h"}, "none", "k")
  expect ordered
  v{k="9"} 1
  v{k="10"} 3
  v{k="a"} 2
  v{k="b"} NaN

eval instant at 0 sort_by_label_desc(v{k!="h"}, "k")
  expect ordered
  v{k="b"} NaN
  v{k="a"} 2
  v{k="10"} 3
  v{k="9"} 1

eval range from 0 to 1m step 1m sort(v{k=~"9|h"})
  v{k="9"} 1 1
`;
  expect(await problemsOf(script)).toEqual([]);
  expect(SORT_FUNCTIONS).toHaveLength(4);
});
