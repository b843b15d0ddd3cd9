import assert from "node:assert/strict";
import { it } from "node:test";
import { openAws } from "./aws-client.ts";

it("more requests than a quota are answered as AWS does, and recorded", async () => {
  const aws = await openAws({ requestRates: new Map([["CreateKey", 1]]) });
  try {
    await aws.createKey();
    const answer = await aws.call("CreateKey", {});
    assert.deepEqual(
      [answer.status, answer.json, answer.headers["retry-after"]],
      [
        400,
        {
          __type: "ThrottlingException",
          message: "You have exceeded the rate at which you may call KMS. Reduce the frequency of your calls.",
        },
        undefined,
      ],
    );
    const last = (await aws.test.auditEvents()).at(-1);
    assert.deepEqual([last?.["eventName"], last?.["errorCode"]], ["CreateKey", "ThrottlingException"]);
    aws.test.clock.advance(1000);
    await aws.createKey();
  } finally {
    await aws.close();
  }
});
