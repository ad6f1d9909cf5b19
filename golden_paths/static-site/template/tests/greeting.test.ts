import { expect, test } from "vitest";

import { greet } from "../src/greeting";

test.each([
  [4, "Good night"],
  [5, "Good morning"],
  [12, "Good afternoon"],
  [18, "Good evening"],
  [22, "Good night"],
])("at %i o'clock it says %s", (hour, text) => {
  expect(greet(new Date(2026, 2, 1, hour))).toBe(text);
});
