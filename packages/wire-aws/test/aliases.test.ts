import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { limits } from "@coffer/service";
import { type AwsTest, base64, openAws } from "./aws-client.ts";

describe("AWS KMS aliases", () => {
  let aws: AwsTest;
  let keyId: string;
  let nowSeconds: number;

  before(async () => {
    aws = await openAws();
    nowSeconds = aws.test.clock.nowMs() / 1000;
    keyId = (await aws.createKey()).KeyId;
  });
  after(async () => {
    assert.deepEqual(aws.test.bugs, []);
    await aws.close();
  });

  const arnOf = (name: string) => `arn:aws:kms:us-east-1:000000000000:${name}`;

  it("creates, lists, moves and deletes an alias", async () => {
    assert.equal((await aws.call("CreateAlias", { AliasName: "alias/a/b_c-1", TargetKeyId: keyId })).text, "");
    const entry = {
      AliasName: "alias/a/b_c-1",
      AliasArn: arnOf("alias/a/b_c-1"),
      TargetKeyId: keyId,
      CreationDate: nowSeconds,
      LastUpdatedDate: nowSeconds,
    };
    assert.deepEqual(await aws.ok("ListAliases", {}), { Aliases: [entry], Truncated: false });
    assert.deepEqual(await aws.ok("ListAliases", { KeyId: keyId }), { Aliases: [entry], Truncated: false });

    const other = await aws.createKey();
    aws.test.clock.advance(1500);
    assert.equal((await aws.call("UpdateAlias", { AliasName: "alias/a/b_c-1", TargetKeyId: other.Arn })).text, "");
    assert.deepEqual((await aws.ok("ListAliases", { KeyId: other.KeyId })).Aliases, [
      { ...entry, TargetKeyId: other.KeyId, LastUpdatedDate: nowSeconds + 1.5 },
    ]);
    const input = { KeyId: "alias/a/b_c-1", Plaintext: base64("x") };
    assert.equal((await aws.ok("Encrypt", input)).KeyId, other.Arn);

    assert.equal((await aws.call("DeleteAlias", { AliasName: "alias/a/b_c-1" })).text, "");
    assert.deepEqual(await aws.ok("ListAliases", {}), { Aliases: [], Truncated: false });
    const message = `Alias ${arnOf("alias/a/b_c-1")} is not found.`;
    await aws.fails("Encrypt", input, { type: "NotFoundException", message });
    await aws.fails("DeleteAlias", { AliasName: "alias/a/b_c-1" }, { type: "NotFoundException", message });
    await aws.fails(
      "UpdateAlias",
      { AliasName: "alias/a/b_c-1", TargetKeyId: keyId },
      {
        type: "NotFoundException",
        message,
      },
    );
  });

  it("refuses an alias that exists", async () => {
    await aws.call("CreateAlias", { AliasName: "alias/taken", TargetKeyId: keyId });
    await aws.fails(
      "CreateAlias",
      { AliasName: "alias/taken", TargetKeyId: keyId },
      {
        type: "AlreadyExistsException",
        message: `An alias with the name ${arnOf("alias/taken")} already exists`,
      },
    );
  });

  it("checks names as AWS does", async () => {
    const prefix =
      'Alias must start with the prefix "alias/". Please see https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html';
    const pattern =
      "1 validation error detected: Value 'alias/a.b' at 'aliasName' failed to satisfy constraint: Member must satisfy regular expression pattern: ^[a-zA-Z0-9:/_-]+$";
    const cases: [string, string, string | RegExp][] = [
      ["orders", "ValidationException", prefix],
      ["constructor", "ValidationException", prefix],
      ["alias/a:b", "ValidationException", "alias/a:b contains invalid characters for an alias"],
      ["alias/a.b", "ValidationException", pattern],
      ["alias/aws/s3", "InvalidAliasNameException", /reserved/],
      ["alias/", "InvalidAliasNameException", /prefix/],
    ];
    for (const [AliasName, type, message] of cases) {
      await aws.fails("CreateAlias", { AliasName, TargetKeyId: keyId }, { type, message });
    }
    await aws.fails(
      "CreateAlias",
      { AliasName: `alias/${"a".repeat(251)}`, TargetKeyId: keyId },
      {
        type: "ValidationException",
        message: /at 'aliasName' failed to satisfy constraint: Member must have length less than or equal to 256$/,
      },
    );
    await aws.fails("DeleteAlias", { AliasName: "orders" }, { type: "ValidationException", message: prefix });
  });

  it("points an alias at a key only", async () => {
    for (const TargetKeyId of ["alias/taken", arnOf("alias/taken")]) {
      for (const operation of ["CreateAlias", "UpdateAlias"]) {
        await aws.fails(
          operation,
          { AliasName: "alias/second", TargetKeyId },
          {
            type: "ValidationException",
            message: "Aliases must refer to keys. Not aliases",
          },
        );
      }
    }
    await aws.fails(
      "CreateAlias",
      { AliasName: "alias/second", TargetKeyId: "nothing" },
      {
        type: "NotFoundException",
        message: "Invalid keyId 'nothing'",
      },
    );
  });

  it("gives a key 50 aliases and lists them page by page", async () => {
    const { KeyId } = await aws.createKey();
    const max = limits.aliasesPerKey.value;
    const names = Array.from({ length: max }, (_, i) => `alias/many-${String(i).padStart(2, "0")}`);
    for (const AliasName of names)
      assert.equal((await aws.call("CreateAlias", { AliasName, TargetKeyId: KeyId })).status, 200);
    await aws.fails(
      "CreateAlias",
      { AliasName: "alias/many-more", TargetKeyId: KeyId },
      {
        type: "LimitExceededException",
        message: /at most 50 aliases/,
      },
    );
    const seen: string[] = [];
    let Marker: string | undefined;
    do {
      const page = await aws.ok("ListAliases", { KeyId, Limit: 20, Marker });
      seen.push(...(page.Aliases ?? []).map(({ AliasName }) => String(AliasName)));
      Marker = page.NextMarker;
    } while (Marker !== undefined);
    assert.deepEqual(seen, names);
  });
});
