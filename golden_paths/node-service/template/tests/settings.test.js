import assert from "node:assert/strict";
import { test } from "node:test";

import { readSettings } from "../src/settings.js";

test("the environment is read", () => {
  const settings = readSettings({ PORT: "9090", LOG_LEVEL: "DEBUG" });
  assert.equal(settings.host, "127.0.0.1");
  assert.equal(settings.port, 9090);
  assert.equal(settings.logLevel, "debug");
});

for (const [name, value] of [
  ["PORT", "http"],
  ["PORT", "0"],
  ["PORT", "65536"],
  ["LOG_LEVEL", "loud"],
]) {
  test(`${name}=${value} is refused by name`, () => {
    assert.throws(() => readSettings({ [name]: value }), new RegExp(name));
  });
}
