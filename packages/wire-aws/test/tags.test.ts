import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { limits } from "@coffer/service";
import { type AwsTest, openAws } from "./aws-client.ts";

const tag = (TagKey: string, TagValue = "v") => ({ TagKey, TagValue });
const numbered = (count: number) => Array.from({ length: count }, (_, i) => tag(`tag${String(i).padStart(3, "0")}`));

describe("AWS KMS tags", () => {
  let aws: AwsTest;

  before(async () => {
    aws = await openAws();
  });
  after(async () => {
    assert.deepEqual(aws.test.bugs, []);
    await aws.close();
  });

  it("tags, replaces, untags and lists", async () => {
    const { KeyId } = await aws.createKey({ Tags: [tag("b"), tag("a")] });
    assert.equal((await aws.call("TagResource", { KeyId, Tags: [tag("a", "2"), tag("__proto__", "")] })).text, "");
    const listed = await aws.ok("ListResourceTags", { KeyId });
    assert.deepEqual(listed, { Tags: [tag("__proto__", ""), tag("a", "2"), tag("b")], Truncated: false });
    assert.equal((await aws.call("UntagResource", { KeyId, TagKeys: ["a", "not there"] })).text, "");
    assert.deepEqual((await aws.ok("ListResourceTags", { KeyId })).Tags, [tag("__proto__", ""), tag("b")]);
  });

  it("lists page by page", async () => {
    const { KeyId } = await aws.createKey({ Tags: numbered(5) });
    const seen: unknown[] = [];
    let Marker: string | undefined;
    do {
      const page = await aws.ok("ListResourceTags", { KeyId, Limit: 2, Marker });
      seen.push(...(page.Tags ?? []));
      Marker = page.NextMarker;
    } while (Marker !== undefined);
    assert.deepEqual(seen, numbered(5));
  });

  it("refuses bad tags in AWS's words", async () => {
    const { KeyId } = await aws.createKey({ Tags: [tag("kept")] });
    const cases: [unknown[], string, string][] = [
      [[tag("a"), tag("a")], "TagException", "Duplicate tag keys"],
      [[tag("aws:a")], "TagException", "Tags beginning with aws: are reserved"],
      [[tag("AWS:a")], "TagException", "Tags beginning with aws: are reserved"],
      [numbered(limits.tags.value + 1), "TagException", "Too many tags"],
      [
        [tag("a".repeat(129))],
        "ValidationException",
        `1 validation error detected: Value '${"a".repeat(129)}' at 'tags.1.member.tagKey' failed to satisfy constraint: Member must have length less than or equal to 128`,
      ],
      [
        [tag("a"), tag("b", "v".repeat(257))],
        "ValidationException",
        `1 validation error detected: Value '${"v".repeat(257)}' at 'tags.2.member.tagValue' failed to satisfy constraint: Member must have length less than or equal to 256`,
      ],
      [
        [{ TagKey: "a" }],
        "ValidationException",
        "1 validation error detected: Value null at 'tags.1.member.tagValue' failed to satisfy constraint: Member must not be null",
      ],
    ];
    for (const [Tags, type, message] of cases) {
      await aws.fails("CreateKey", { Tags }, { type, message });
      await aws.fails("TagResource", { KeyId, Tags }, { type, message });
    }
    await aws.fails(
      "TagResource",
      { KeyId, Tags: numbered(limits.tags.value) },
      {
        type: "TagException",
        message: "Too many tags",
      },
    );
    await aws.fails(
      "UntagResource",
      { KeyId, TagKeys: ["aws:a"] },
      {
        type: "TagException",
        message: "Tags beginning with aws: are reserved",
      },
    );
    assert.deepEqual((await aws.ok("ListResourceTags", { KeyId })).Tags, [tag("kept")]);
  });
});
