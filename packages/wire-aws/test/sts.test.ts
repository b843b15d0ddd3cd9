import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { presignRequest, type SigningCredentials, signRequest } from "@coffer/sigv4";
import { awsLimits } from "../src/limits.ts";
import { type AwsAnswer, type AwsTest, openAws } from "./aws-client.ts";

const form = "Action=GetCallerIdentity&Version=2011-06-15";

describe("STS GetCallerIdentity", () => {
  let aws: AwsTest;

  before(async () => {
    aws = await openAws();
  });
  after(async () => {
    assert.deepEqual(aws.test.bugs, []);
    await aws.close();
  });

  function post(
    body: string,
    as: SigningCredentials = aws.root,
    timestampMs = aws.test.clock.nowMs(),
  ): Promise<AwsAnswer> {
    const headers = new Map([
      ["host", "localhost:8080"],
      ["content-type", "application/x-www-form-urlencoded; charset=utf-8"],
    ]);
    const request = { method: "POST", path: "/", query: "", headers, body: Buffer.from(body) };
    const scope = { ...aws.scope({ service: "sts" }), timestampMs };
    for (const [name, value] of signRequest(request, as, scope)) headers.set(name, value);
    return aws.send(request);
  }

  function assertXmlError(answer: AwsAnswer, status: number, code: string, message: RegExp): void {
    assert.equal(answer.status, status, answer.text);
    assert.equal(answer.headers["content-type"], "text/xml");
    assert.match(answer.text, /^<ErrorResponse xmlns="https:\/\/sts\.amazonaws\.com\/doc\/2011-06-15\/">/);
    assert.ok(answer.text.includes(`<Code>${code}</Code>`), answer.text);
    assert.match(/<Message>(.*)<\/Message>/.exec(answer.text)?.[1] ?? "", message);
    assert.ok(answer.text.includes(`<RequestId>${answer.headers["x-amzn-requestid"]}</RequestId>`));
  }

  function assertIdentity(answer: AwsAnswer, arn: string, userId: RegExp): void {
    assert.equal(answer.status, 200, answer.text);
    assert.equal(answer.headers["content-type"], "text/xml");
    assert.match(answer.text, /^<GetCallerIdentityResponse xmlns="https:\/\/sts\.amazonaws\.com\/doc\/2011-06-15\/">/);
    assert.ok(answer.text.includes(`<Arn>${arn}</Arn>`), answer.text);
    assert.ok(answer.text.includes("<Account>000000000000</Account>"));
    assert.match(/<UserId>(.*)<\/UserId>/.exec(answer.text)?.[1] ?? "", userId);
    assert.ok(answer.text.includes(`<RequestId>${answer.headers["x-amzn-requestid"]}</RequestId>`));
  }

  it("tells the root and a user without any permission who they are", async () => {
    assertIdentity(await post(form), "arn:aws:iam::000000000000:root", /^000000000000$/);
    const user = await aws.createUser("alice+b=c@d");
    assertIdentity(await post(form, user), "arn:aws:iam::000000000000:user/alice+b=c@d", /^AIDA/);
  });

  it("takes a presigned GET, as other services show it to each other", async () => {
    const headers = new Map([["host", "localhost:8080"]]);
    const request = { method: "GET", path: "/", query: form, headers, body: new Uint8Array() };
    const query = presignRequest(request, aws.root, aws.scope({ service: "sts" }), 60);
    assertIdentity(await aws.send({ ...request, query }), "arn:aws:iam::000000000000:root", /^000000000000$/);
    const moved = query.replace("GetCallerIdentity", "GetCallerIdentity&x=1");
    assertXmlError(await aws.send({ ...request, query: moved }), 403, "SignatureDoesNotMatch", /does not match/);
  });

  it("refuses other actions and versions", async () => {
    const cases: [string, RegExp][] = [
      ["Action=AssumeNothing&Version=2011-06-15", /^Could not find operation AssumeNothing for version 2011-06-15$/],
      ["Action=CreateUser&Version=2011-06-15", /^Could not find operation CreateUser for version 2011-06-15$/],
      ["Action=GetFederationToken&Version=2011-06-15", /^GetFederationToken is not supported by this release/],
      ["Action=GetCallerIdentity", /for version NO_VERSION_SPECIFIED$/],
      ["Action=%3Cscript%3E&Version=2011-06-15", /operation &lt;script&gt; for/],
      ["Action=constructor&Version=2011-06-15", /operation constructor for/],
      ["Version=2011-06-15", /^Could not find operation \(none\) for version 2011-06-15$/],
    ];
    for (const [body, message] of cases) assertXmlError(await post(body), 400, "InvalidAction", message);
  });

  it("refuses who it does not know", async () => {
    const stranger = { accessKeyId: "AKIAUNKNOWNUNKNOWNUN", secretAccessKey: "x" };
    assertXmlError(
      await post(form, stranger),
      403,
      "InvalidClientTokenId",
      /^The security token included in the request is invalid\.$/,
    );
    const impostor = { accessKeyId: aws.root.accessKeyId, secretAccessKey: "x" };
    assertXmlError(await post(form, impostor), 403, "SignatureDoesNotMatch", /does not match/);
    const headers = new Map([["content-type", "application/x-www-form-urlencoded"]]);
    assertXmlError(
      await aws.send({ headers, body: Buffer.from(form) }),
      403,
      "MissingAuthenticationToken",
      /^Request is missing Authentication Token$/,
    );
    headers.set("authorization", "AWS4-HMAC-SHA256 Credential=x");
    assertXmlError(
      await aws.send({ headers, body: Buffer.from(form) }),
      400,
      "IncompleteSignature",
      /requires &apos;Signature&apos; parameter/,
    );
  });

  it("takes clocks that are off by up to fifteen minutes", async () => {
    const nowMs = aws.test.clock.nowMs();
    const skew = awsLimits.stsClockSkewMs.value;
    assert.equal(skew, 15 * 60_000);
    assert.equal((await post(form, aws.root, nowMs - skew)).status, 200);
    assertXmlError(
      await post(form, aws.root, nowMs - skew - 1000),
      403,
      "SignatureDoesNotMatch",
      /^Signature expired: .* - 15 min\.\)$/,
    );
  });

  it("wants a signature for STS, not for KMS", async () => {
    const headers = new Map([
      ["host", "localhost:8080"],
      ["content-type", "application/x-www-form-urlencoded"],
    ]);
    const request = { method: "POST", path: "/", query: "", headers, body: Buffer.from(form) };
    for (const [name, value] of signRequest(request, aws.root, aws.scope())) headers.set(name, value);
    assertXmlError(await aws.send(request), 403, "SignatureDoesNotMatch", /correct service: &apos;sts&apos;/);
  });

  it("limits the size of a form", async () => {
    const max = awsLimits.formBytes.value;
    assert.equal((await post(`${form}&x=`.padEnd(max, "x"))).status, 200);
    assertXmlError(await post(`${form}&x=`.padEnd(max + 1, "x")), 400, "ValidationError", /at most|more than/);
  });

  it("refuses web identity tokens whose issuer nobody could be", async () => {
    for (const iss of ["https://a\0", "https://\ud800", "https://", "http://a", 1, null]) {
      const claims = Buffer.from(JSON.stringify({ iss })).toString("base64url");
      const RoleArn = "arn:aws:iam::000000000000:role/a";
      const fields = { RoleArn, RoleSessionName: "web", WebIdentityToken: `a.${claims}.c` };
      const body = new URLSearchParams({ Action: "AssumeRoleWithWebIdentity", Version: "2011-06-15", ...fields });
      assertXmlError(await post(body.toString()), 400, "InvalidIdentityToken", /not a valid JWT/);
    }
  });
});
