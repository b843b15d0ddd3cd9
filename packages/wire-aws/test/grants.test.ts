import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { SigningCredentials } from "@coffer/sigv4";
import { type AwsTest, base64, type Json, openAws } from "./aws-client.ts";

const rootArn = "arn:aws:iam::000000000000:root";
const missing = "ab".repeat(32);

describe("AWS KMS grants", () => {
  let aws: AwsTest;
  let KeyId: string;
  let Arn: string;
  let alice: SigningCredentials & { readonly arn: string };
  let nowSeconds: number;

  before(async () => {
    aws = await openAws();
    nowSeconds = aws.test.clock.nowMs() / 1000;
    ({ KeyId, Arn } = await aws.createKey());
    alice = await aws.createUser("alice");
  });
  after(async () => {
    assert.deepEqual(aws.test.bugs, []);
    await aws.close();
  });

  const create = (input: Json = {}) =>
    aws.ok("CreateGrant", { KeyId, GranteePrincipal: alice.arn, Operations: ["Encrypt"], ...input });

  it("are made, listed, used with and without their token, and revoked", async () => {
    const made = await create({
      Operations: ["Encrypt", "Decrypt"],
      RetiringPrincipal: rootArn,
      Name: "payroll",
      Constraints: { EncryptionContextSubset: { Department: "IT" } },
    });
    assert.deepEqual(Object.keys(made).sort(), ["GrantId", "GrantToken"]);
    const { GrantId, GrantToken } = made;
    assert.match(GrantId!, /^[0-9a-f]{64}$/);
    const entry = {
      KeyId: Arn,
      GrantId,
      Name: "payroll",
      CreationDate: nowSeconds,
      GranteePrincipal: alice.arn,
      RetiringPrincipal: rootArn,
      IssuingAccount: rootArn,
      Operations: ["Encrypt", "Decrypt"],
      Constraints: { EncryptionContextSubset: { Department: "IT" } },
    };
    assert.deepEqual(await aws.ok("ListGrants", { KeyId }), { Grants: [entry], Truncated: false });
    assert.deepEqual(await aws.ok("ListGrants", { KeyId: Arn, GrantId }), { Grants: [entry], Truncated: false });
    const retirable = await aws.ok("ListRetirableGrants", { RetiringPrincipal: rootArn });
    assert.deepEqual(retirable, { Grants: [entry], Truncated: false });
    assert.equal((await create({ ...entryInput(entry), RetiringPrincipal: rootArn })).GrantId, GrantId);

    const EncryptionContext = { Department: "IT" };
    const input = { KeyId: Arn, Plaintext: base64("x"), EncryptionContext };
    const as = alice;
    await aws.ok("Encrypt", input, { as });
    const { CiphertextBlob } = await aws.ok("Encrypt", { ...input, GrantTokens: [GrantToken] }, { as });
    await aws.ok("Decrypt", { CiphertextBlob, EncryptionContext, GrantTokens: [GrantToken] }, { as });
    const invalid = { type: "InvalidGrantTokenException", message: "The grant token is not valid." };
    await aws.fails("Encrypt", { ...input, GrantTokens: ["x"] }, invalid, { as });
    await aws.fails("Encrypt", { ...input, GrantTokens: [`${GrantToken}=`] }, invalid, { as });
    await aws.fails(
      "Encrypt",
      { ...input, EncryptionContext: { Department: "HR" } },
      {
        type: "AccessDeniedException",
        message: `User: ${alice.arn} is not authorized to perform: kms:Encrypt on resource: ${Arn} because no identity-based policy allows the kms:Encrypt action`,
      },
      { as },
    );
    const dryRun = { type: "DryRunOperationException", message: /DryRun/ };
    await aws.fails("Encrypt", { ...input, DryRun: true }, { ...dryRun, status: dryRunStatus }, { as });
    await aws.fails("RevokeGrant", { KeyId, GrantId, DryRun: true }, { ...dryRun, status: dryRunStatus });

    assert.equal((await aws.call("RevokeGrant", { KeyId, GrantId })).text, "");
    assert.deepEqual(await aws.ok("ListGrants", { KeyId }), { Grants: [], Truncated: false });
    assert.equal((await aws.call("Encrypt", { ...input, GrantTokens: [GrantToken] }, { as })).status, 400);
  });

  const dryRunStatus = 400;

  function entryInput(entry: Json): Json {
    const { Name, Operations, Constraints } = entry;
    return { Name, Operations, Constraints };
  }

  it("show no more than they have", async () => {
    const { GrantId } = await create();
    assert.deepEqual((await aws.ok("ListGrants", { KeyId, GrantId })).Grants, [
      {
        KeyId: Arn,
        GrantId,
        Name: "",
        CreationDate: nowSeconds,
        GranteePrincipal: alice.arn,
        IssuingAccount: rootArn,
        Operations: ["Encrypt"],
      },
    ]);
    await aws.call("RevokeGrant", { KeyId, GrantId });
  });

  it("to services show the service", async () => {
    const SourceArn = "arn:aws:dynamodb:us-east-1:000000000000:table/t";
    const { GrantId } = await aws.ok("CreateGrant", {
      KeyId,
      Operations: ["Encrypt"],
      GranteeServicePrincipal: "dynamodb.us-east-1.amazonaws.com",
      RetiringServicePrincipal: "dynamodb.us-east-1.amazonaws.com",
      Constraints: { SourceArn },
    });
    const { Grants } = await aws.ok("ListGrants", { KeyId, GrantId });
    const [grant] = Grants as readonly Json[];
    assert.equal(grant?.["GranteeServicePrincipal"], "dynamodb.us-east-1.amazonaws.com");
    assert.equal(grant["RetiringServicePrincipal"], "dynamodb.us-east-1.amazonaws.com");
    assert.equal(grant["GranteePrincipal"], undefined);
    assert.deepEqual(grant["Constraints"], { SourceArn });
    await aws.call("RevokeGrant", { KeyId, GrantId });
  });

  it("are retired by token, or by key and id", async () => {
    const byToken = await create({ RetiringPrincipal: alice.arn });
    assert.equal((await aws.call("RetireGrant", { GrantToken: byToken.GrantToken }, { as: alice })).text, "");
    const byId = await create({ RetiringPrincipal: alice.arn });
    const input = { KeyId: Arn, GrantId: byId.GrantId };
    const bob = await aws.createUser("bob");
    await aws.fails("RetireGrant", input, { type: "AccessDeniedException", message: /kms:RetireGrant/ }, { as: bob });
    assert.equal((await aws.call("RetireGrant", input, { as: alice })).text, "");
    assert.deepEqual((await aws.ok("ListGrants", { KeyId })).Grants, []);
  });

  it("answer AWS's errors", async () => {
    const validation = (message: string) => ({ type: "ValidationException", message });
    const cases: readonly (readonly [string, Json, { type: string; message: string | RegExp }])[] = [
      [
        "CreateGrant",
        { KeyId, Operations: ["Encrypt"], GranteePrincipal: "arn:aws:iam::000000000000:user/nobody" },
        {
          type: "InvalidArnException",
          message: "ARN does not refer to a valid principal: arn:aws:iam::000000000000:user/nobody",
        },
      ],
      [
        "CreateGrant",
        { KeyId, Operations: ["CreateGrant"], GranteePrincipal: alice.arn },
        validation("Grants must not contain only the CreateGrant operation."),
      ],
      [
        "CreateGrant",
        {
          KeyId,
          Operations: ["Encrypt"],
          GranteePrincipal: alice.arn,
          Constraints: { EncryptionContextSubset: { a: "1" }, EncryptionContextEquals: { a: "1" } },
        },
        validation("More than one constraint supplied"),
      ],
      [
        "CreateGrant",
        { KeyId: "alias/a", Operations: ["Encrypt"], GranteePrincipal: alice.arn },
        { type: "InvalidArnException", message: "Key Aliases are not supported for this operation." },
      ],
      [
        "CreateGrant",
        { KeyId, Operations: ["ListGrants"], GranteePrincipal: alice.arn },
        { type: "ValidationException", message: /Value '\[?ListGrants\]?' at 'operations/ },
      ],
      [
        "CreateGrant",
        { KeyId, Operations: ["Encrypt"], GranteePrincipal: alice.arn, Name: "a b" },
        { type: "ValidationException", message: /at 'name' failed to satisfy constraint/ },
      ],
      [
        "RevokeGrant",
        { KeyId, GrantId: missing },
        { type: "NotFoundException", message: `Grant ID ${missing} not found` },
      ],
      [
        "RevokeGrant",
        { KeyId, GrantId: "?" },
        { type: "InvalidGrantIdException", message: "The grant ID is not valid." },
      ],
      ["RetireGrant", { KeyId: Arn, GrantId: missing }, { type: "NotFoundException", message: /not found/ }],
      ["RetireGrant", {}, validation("You must specify a grant token, or both a key ID and a grant ID.")],
      ["RetireGrant", { GrantToken: "x" }, { type: "InvalidGrantTokenException", message: /./ }],
      ["ListGrants", { KeyId, GrantId: "?" }, { type: "InvalidGrantIdException", message: /./ }],
      ["ListGrants", { KeyId, Marker: "x" }, { type: "InvalidMarkerException", message: /./ }],
      ["ListRetirableGrants", {}, { type: "ValidationException", message: /either RetiringPrincipal or/ }],
      [
        "ListRetirableGrants",
        { RetiringPrincipal: "bob" },
        { type: "InvalidArnException", message: /valid principal/ },
      ],
      [
        "ListRetirableGrants",
        { RetiringPrincipal: "arn:aws:iam::111122223333:root" },
        { type: "AccessDeniedException", message: /kms:ListRetirableGrants/ },
      ],
    ];
    for (const [operation, input, expected] of cases) await aws.fails(operation, input, expected);
    await aws.call("DisableKey", { KeyId });
    await aws.fails(
      "CreateGrant",
      { KeyId, Operations: ["Encrypt"], GranteePrincipal: alice.arn },
      { type: "DisabledException", message: `${Arn} is disabled.` },
    );
    await aws.call("EnableKey", { KeyId });
  });

  it("come in pages", async () => {
    for (let n = 0; n < 5; n += 1) await create({ Name: `n${n}` });
    const found: unknown[] = [];
    let Marker: string | undefined;
    do {
      const page = await aws.ok("ListGrants", { KeyId, Limit: 2, ...(Marker === undefined ? {} : { Marker }) });
      found.push(...(page.Grants ?? []));
      assert.equal(page.Truncated, page.NextMarker !== undefined);
      Marker = page.NextMarker;
    } while (Marker !== undefined);
    assert.equal(new Set(found.map((grant) => (grant as Json)["GrantId"])).size, 5);
  });
});
