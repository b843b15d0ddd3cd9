import assert from "node:assert/strict";
import { it } from "node:test";
import { type ErrorCode, errorCodes, ServiceError } from "@coffer/service";
import { describeError } from "./errors.ts";

/** Parameters that fit every code. */
const params = {
  kind: "validation",
  reason: "Why.",
  failure: "missing",
  resource: "key",
  id: "x",
  keyArn: "arn",
  usage: "ENCRYPT_DECRYPT",
  errorId: "e",
};

it("answers every error code with an error status and texts", () => {
  for (const code of Object.keys(errorCodes) as ErrorCode[]) {
    const { status, errors } = describeError(ServiceError.of(code, params as never).detail);
    assert.ok(status >= 400 && status <= 503, code);
    for (const text of errors) assert.ok(text !== "" && !text.includes("undefined"), `${code}: ${text}`);
    const server = errorCodes[code].fault !== "caller";
    assert.equal(status >= 500, server, `${code}: a ${server ? "5xx" : "4xx"}, for who has to act`);
  }
});
