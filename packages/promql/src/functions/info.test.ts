import { problemsOf } from "@rondo/testkit/promql-cases";
import { expect, test } from "vitest";
import { INFO_FUNCTIONS } from "./info.ts";

test("labels of info metrics join by instance and job", async () => {
  const script = `
load 1m
  up{instance="a",job="j"} 1 1 1
  up{instance="b",job="j"} 1 1 1
  target_info{instance="a",job="j",version="1",region="eu"} 1 1
  target_info{instance="a",job="j",version="2",region="eu"} _ _ 1
  build_info{instance="b",job="j",version="9"} 1 1 1

eval instant at 1m info(up)
  up{instance="a",job="j",version="1",region="eu"} 1
  up{instance="b",job="j"} 1

eval instant at 2m info(up, {version=~".+"})
  up{instance="a",job="j",version="2"} 1

eval instant at 2m info(up offset 1m, {version="1"})
  up{instance="a",job="j",version="1"} 1

eval instant at 1m info(up, {__name__=~".*_info"})
  up{instance="a",job="j",version="1",region="eu"} 1
  up{instance="b",job="j",version="9"} 1

eval instant at 1m info(abs(up{instance="a"}))
  {instance="a",job="j",version="1",region="eu"} 1
`;
  expect(await problemsOf(script)).toEqual([]);
  expect(INFO_FUNCTIONS[0]?.experimental).toBe(true);
});
