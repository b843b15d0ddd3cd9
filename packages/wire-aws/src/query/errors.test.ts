import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type ErrorCode, type ErrorDetail, errorCodes } from "@coffer/service";
import { queryError } from "./errors.ts";
import { escapeXml } from "./xml.ts";

const params = {
  failure: "missing",
  kind: "invalid",
  reason: "A reason.",
  errorId: "e-1",
  id: "X",
  principalArn: "arn:aws:iam::000000000000:user/u",
  action: "sts:X",
};

describe("errors of the query protocol", () => {
  it("has an answer to every code, with the status that its fault asks for", () => {
    for (const code of Object.keys(errorCodes) as ErrorCode[]) {
      const { status, message } = queryError({ code, params } as unknown as ErrorDetail);
      assert.ok(message.length > 0);
      if (errorCodes[code].fault === "caller") assert.ok(status >= 400 && status < 500, code);
    }
    const statuses = (["AuditUnavailable", "StoreUnavailable", "Sealed", "DependencyTimeout", "Internal"] as const).map(
      (code) => queryError({ code, params } as unknown as ErrorDetail).status,
    );
    assert.deepEqual(statuses, [503, 503, 503, 503, 500]);
  });

  it("names failed authentication as STS does", () => {
    const codeOf = (failure: string) => {
      const { code, status } = queryError({ code: "Unauthenticated", params: { ...params, failure } } as ErrorDetail);
      return `${status} ${code}`;
    };
    assert.equal(codeOf("missing"), "403 MissingAuthenticationToken");
    assert.equal(codeOf("unknownAccessKey"), "403 InvalidClientTokenId");
    assert.equal(codeOf("unknownToken"), "403 InvalidClientTokenId");
    for (const failure of ["signatureMismatch", "expired", "notYetCurrent"]) {
      assert.equal(codeOf(failure), "403 SignatureDoesNotMatch");
    }
    assert.equal(codeOf("incomplete"), "400 IncompleteSignature");
  });
});

describe("XML text", () => {
  it("escapes markup and drops what XML cannot hold", () => {
    assert.equal(escapeXml(`<a b="c" d='e'>&amp;`), "&lt;a b=&quot;c&quot; d=&apos;e&apos;&gt;&amp;amp;");
    assert.equal(escapeXml("a\u0000b\u001bc\ud800d\uffff"), "a\ufffdb\ufffdc\ufffdd\ufffd");
    assert.equal(escapeXml("tab\tline\n\u{1f512}é"), "tab\tline\n\u{1f512}é");
  });
});
