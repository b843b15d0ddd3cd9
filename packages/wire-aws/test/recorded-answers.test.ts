import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { type AwsTest, type Json, openAws } from "./aws-client.ts";
import { recordedErrors } from "./recorded-answers.ts";
import { type RecordedAnswer, type RecordedError, some } from "./recorded-request.ts";
import { recordedResponses } from "./recorded-responses.ts";
import { recordedSigning } from "./recorded-signing.ts";

/** Where an answer differs on purpose: docs/divergences/aws-kms.md says why. */
const ownWords: ReadonlyMap<string, RegExp> = new Map([
  ["derive_shared_secret response-invalid-public-key", /^PublicKey must be the DER SubjectPublicKeyInfo /],
  ["rotate_key_on_demand_raises_error_given_non_symmetric_key", / key spec is RSA_4096, which does not rotate\.$/],
]);

describe("AWS KMS as it was recorded", () => {
  let aws: AwsTest;

  before(async () => {
    aws = await openAws();
  });
  after(async () => {
    assert.deepEqual(aws.test.bugs, []);
    await aws.close();
  });

  for (const { source, ask } of [...recordedErrors, ...recordedSigning, ...recordedResponses]) {
    it(source, async () => {
      const { operation, input, region, expected } = await ask(aws);
      const answer = await aws.call(operation, input, region === undefined ? {} : { scope: { region } });
      if ("members" in expected) {
        assert.equal(answer.status, 200, answer.text);
        assertMembers(answer.json, expected.members, operation);
      } else {
        assert.equal(answer.status, 400, answer.text);
        assertError(answer.json, expected, source);
      }
    });
  }

  it("has each source once", () => {
    const sources = ([] as RecordedAnswer[])
      .concat(recordedErrors, recordedSigning, recordedResponses)
      .map(({ source }) => source);
    assert.equal(new Set(sources).size, sources.length);
  });
});

const enumWords = /^(.* enum value set: )\[(.*)\]$/;

/** Name and message, and nothing else. Of an enum the recorded values are there, whatever their order: AWS has more now. */
function assertError(answered: Json, { type, message }: RecordedError, source: string): void {
  const { __type, message: told, ...rest } = answered;
  assert.equal(__type, type, JSON.stringify(answered));
  assert.deepEqual(rest, {});
  const own = ownWords.get(source);
  const [, words, values] = enumWords.exec(message ?? "") ?? [];
  if (own !== undefined) {
    assert.match(String(told), own);
  } else if (values === undefined) {
    assert.equal(told, message);
  } else {
    const [, ourWords, ours] = enumWords.exec(String(told)) ?? [];
    assert.equal(ourWords, words);
    const missing = new Set(values.split(", ")).difference(new Set(ours?.split(", ")));
    assert.deepEqual([...missing], []);
  }
}

/** The same members, each with its value or, where that is random, of its kind. */
function assertMembers(answered: unknown, recorded: unknown, path: string): void {
  if (recorded === some.time) {
    assert.equal(typeof answered, "number", path);
  } else if (recorded instanceof RegExp) {
    assert.match(String(answered ?? ""), recorded, path);
  } else if (typeof recorded === "object" && recorded !== null && !Array.isArray(recorded)) {
    assert.deepEqual(Object.keys(answered as Json).sort(), Object.keys(recorded).sort(), path);
    for (const [name, value] of Object.entries(recorded))
      assertMembers((answered as Json)[name], value, `${path}.${name}`);
  } else {
    assert.deepEqual(answered, recorded, path);
  }
}
