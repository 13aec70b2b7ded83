import { describe, expect, test } from "vitest";
import { type Notification, notificationProblems } from "./notification-check.ts";

const labels = { alertname: "Full", x: "y" };
const due = [{ labels, activeAt: 50, startsAt: 100, endsAt: 200 }];
const firing = (at: number, startsAt = 100): Notification => ({ at, labels, startsAt, endsAt: at + 1000 });
const resolved = (at: number, endsAt = 200, startsAt = 100): Notification => ({ at, labels, startsAt, endsAt });
const problems = (...seen: readonly Notification[]) => notificationProblems(due, seen, 10);

test("fired and resolved once, each sent again, in any order of arrival", () => {
  expect(problems(firing(101), firing(160), resolved(203), resolved(260))).toEqual([]);
  expect(problems(resolved(203, 195), firing(101, 108))).toEqual([]);
  expect(notificationProblems([], [], 0)).toEqual([]);
});

describe("what is wrong is said", () => {
  const cases: Record<string, [seen: readonly Notification[], message: string]> = {
    silence: [[], "did not fire; due at 100"],
    "too late": [[firing(120, 120), resolved(203, 200, 120)], "fired at 120, due 100: 20 ms off"],
    "no resolve": [[firing(101)], "resolved at undefined, due 200"],
    "a false resolve": [[firing(101), resolved(150, 150), firing(160), resolved(203)], "resolved at 150, due 200"],
    "fired twice": [[firing(101), resolved(203), firing(300, 300)], "fired at 300, when nothing was wrong"],
  };
  for (const [what, [seen, message]] of Object.entries(cases)) {
    test(what, () => expect(problems(...seen).join()).toContain(message));
  }
  test("a stranger", () => {
    const stranger = { ...firing(101), labels: { alertname: "Other" } };
    expect(problems(firing(101), resolved(203), stranger)).toEqual([
      '[["alertname","Other"]]: fired at 100, when nothing was wrong',
    ]);
  });
});

test("an episode that goes on at the end need not resolve", () => {
  const open = [{ labels, activeAt: 50, startsAt: 100 }];
  expect(notificationProblems(open, [firing(101)], 10)).toEqual([]);
  expect(notificationProblems(open, [firing(101), resolved(203)], 10).join()).toContain("due undefined");
});
