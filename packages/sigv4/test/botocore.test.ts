import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parseSignature, presignRequest, signRequest } from "../src/index.ts";
import { type BotocoreCase, check, mutations, readCases, secretOf, toSignedRequest } from "./vectors.ts";

for (const vector of readCases<BotocoreCase>("botocore.json")) {
  describe(`botocore ${vector.name}`, () => {
    const nowMs = Date.parse(vector.timestamp);
    const secret = secretOf(vector.secretAccessKey);
    const options = { nowMs, secret, services: [vector.service] };
    const request = toSignedRequest(vector.request);
    const parsed = parseSignature(request);
    const scope = { region: vector.region, service: vector.service, timestampMs: nowMs };
    const credentials = {
      accessKeyId: vector.accessKeyId,
      secretAccessKey: vector.secretAccessKey,
      ...(vector.sessionToken === null ? {} : { sessionToken: vector.sessionToken }),
    };

    test("verifies", () => {
      assert.ok(parsed.ok);
      assert.equal(parsed.signature.form, vector.form);
      assert.equal(parsed.signature.region, vector.region);
      assert.equal(parsed.signature.sessionToken, vector.sessionToken ?? undefined);
      assert.deepEqual(check(request, options), { ok: true });
    });

    test("any one signed part changed is refused", () => {
      assert.ok(parsed.ok);
      for (const [what, changed] of mutations(request, parsed.signature.signedHeaders)) {
        assert.equal(check(changed, options).ok, false, what);
      }
    });

    test("signing gives the same signature", () => {
      assert.ok(parsed.ok);
      const { signedHeaders, signature } = parsed.signature;
      const headers = new Map([...request.headers].filter(([name]) => signedHeaders.includes(name)));
      if (vector.form === "header") {
        const added = signRequest({ ...request, headers }, credentials, scope);
        assert.equal(added.get("authorization"), request.headers.get("authorization"));
      } else {
        const own = request.query.split("&").filter((piece) => !piece.startsWith("X-Amz-"));
        const query = presignRequest({ ...request, headers, query: own.join("&") }, credentials, scope, 900);
        assert.ok(query.endsWith(`X-Amz-Signature=${signature}`));
      }
    });
  });
}
