import assert from "node:assert/strict";
import { test } from "node:test";
import { CoreTest } from "../../testing/core-test.ts";
import { createToken } from "./tokens.ts";

test("accessors are letters and digits, so that none looks like an option of a command", async () => {
  const t = await CoreTest.open();
  for (let count = 0; count < 5; count += 1) {
    const { record } = await t.run(createToken, { principalArn: "arn:aws:iam::000000000000:root" });
    assert.match(record.accessor, /^[0-9a-f]{36}$/);
  }
  await t.close();
});
