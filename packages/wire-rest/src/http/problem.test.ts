import assert from "node:assert/strict";
import { it } from "node:test";
import { type ErrorCode, errorCodes, ServiceError } from "@coffer/service";
import { answerProblem } from "./problem.ts";

/** Parameters that fit every code. */
const params = {
  kind: "validation",
  reason: "Why.",
  failure: "missing",
  principalArn: "p",
  action: "a",
  resource: "key",
  basis: "implicitDeny",
  id: "x",
  state: "preActivation",
  keyArn: "arn",
  usage: "ENCRYPT_DECRYPT",
  errorId: "e",
};

it("answers every error code with problem details", () => {
  for (const code of Object.keys(errorCodes) as ErrorCode[]) {
    const { status, headers, body } = answerProblem(ServiceError.of(code, params as never).detail, { requestId: "r" });
    assert.equal(headers["Content-Type"], "application/problem+json");
    const problem = JSON.parse(String(body));
    assert.equal(problem.type, `urn:coffer:error:${code}`);
    assert.equal(problem.status, status);
    assert.equal(problem.request_id, "r");
    assert.ok(problem.title !== "");
    assert.ok(problem.detail !== "" && !problem.detail.includes("undefined"), `${code}: ${problem.detail}`);
    const server = errorCodes[code].fault !== "caller";
    assert.equal(status >= 500, server, `${code}: a ${server ? "5xx" : "4xx"}, for who has to act`);
  }
});
