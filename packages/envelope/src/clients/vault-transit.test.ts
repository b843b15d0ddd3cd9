import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { EnvelopeError, type EnvelopeErrorCode } from "../errors.ts";
import { playService } from "./testing/play-service.ts";
import { kvClient } from "./vault-kv.ts";
import { transitClient } from "./vault-transit.ts";

const token = "hvs.example";

function failsAs(code: EnvelopeErrorCode, text: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof EnvelopeError, String(error));
    assert.equal(error.code, code);
    assert.match(error.message, text);
    assert.ok(!`${error.message}${error.cause}`.includes("hunter2"));
    return true;
  };
}

describe("transitClient", () => {
  it("names key and mount in the path, and no other path", async (t) => {
    const { url, requests } = await playService(t, () => ({ body: { data: { ciphertext: "vault:v1:x" } } }));
    const plaintext = Uint8Array.of(1);
    const encryptWith = (key: string, mount = "team/transit") =>
      transitClient({ address: `${url}/base/`, token, mount }).encrypt({ key, plaintext });
    await encryptWith("a/b?c#d%:key$&", "/team/transit/");
    assert.equal(requests[0]?.url, "/base/v1/team/transit/encrypt/a%2Fb%3Fc%23d%25%3Akey%24%26");
    for (const key of ["", ".", ".."]) await assert.rejects(encryptWith(key), failsAs("InvalidInput", /no part of/));
    for (const mount of ["..", "a/../sys", "a//b", "/"])
      await assert.rejects(async () => encryptWith("k", mount), failsAs("InvalidInput", /no part of/));
    assert.equal(requests.length, 1);
  });

  it("refuses tokens and addresses that cannot be, without repeating them", async (t) => {
    const { url, requests } = await playService(t, () => ({ body: {} }));
    for (const bad of ["", "hunter2\n", "hunter2\u{2028}"]) {
      const client = transitClient({ address: url, token: bad });
      await assert.rejects(client.decrypt({ key: "k", ciphertext: "x" }), failsAs("InvalidInput", /X-Vault-Token/));
    }
    for (const address of [url.replace("//", "//u:hunter2@"), `${url}?hunter2`, "unix:///run/vault.sock"])
      assert.throws(() => transitClient({ address, token }), failsAs("InvalidInput", /URL of a Vault server/));
    assert.equal(requests.length, 0);
  });

  it("says what a refusal means, and carries its token to no other server", async (t) => {
    const other = await playService(t, () => ({ body: {} }));
    const refusals = [
      [
        403,
        { errors: ["permission\n\t* denied"] },
        "ServiceRefused",
        /status 403: permission \* denied\. Check the token/,
      ],
      [503, { errors: ["Vault is sealed"] }, "ServiceUnavailable", /sealed\. The server is sealed/],
      [404, "<html>", "ServiceRefused", /status 404\. That is no answer of a Vault server: check its address/],
      [307, "", "ServiceRefused", /leads to http/],
      [200, { data: { plaintext: "=!" } }, "ServiceRefused", /plaintext is not base64/],
      [200, { data: {} }, "ServiceRefused", /no plaintext/],
    ] as const;
    for (const [status, body, code, text] of refusals) {
      const { url, requests } = await playService(t, () => ({ status, headers: { location: other.url }, body }));
      await assert.rejects(
        transitClient({ address: url, token }).decrypt({ key: "k", ciphertext: "x" }),
        failsAs(code, text),
      );
      assert.equal(requests.length, 1);
    }
    assert.equal(other.requests.length, 0);
  });
});

describe("kvClient", () => {
  it("knows its own write when the answer to it was lost, and nobody else's", async (t) => {
    for (const [stored, written] of [
      [{ enc: "mine" }, true],
      [{ enc: "other" }, false],
      [{ enc: "mine", more: "x" }, false],
    ] as const) {
      const { url } = await playService(t, ({ body }, number) => {
        if (number === 1) return undefined;
        if (body !== "") return { status: 400, body: { errors: ["check-and-set parameter did not match"] } };
        return { body: { data: { data: stored, metadata: { version: 4 } } } };
      });
      const kv = kvClient({ address: url, token });
      assert.equal(await kv.write("a/b", { enc: "mine" }, 3), written);
    }
  });

  it("reads and writes no other path", async (t) => {
    const { url, requests } = await playService(t, () => ({ body: {} }));
    const kv = kvClient({ address: url, token });
    await assert.rejects(kv.read("../../sys/seal"), failsAs("InvalidInput", /no part of/));
    await assert.rejects(kv.write("a/../b", {}, 0), failsAs("InvalidInput", /no part of/));
    assert.equal(requests.length, 0);
  });
});
