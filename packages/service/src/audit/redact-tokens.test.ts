import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { redactTokens, redactTokensInUrl } from "./redact-tokens.ts";

const random = "AbCdEfGhIjKlMnOpQrStUvWx";

describe("tokens in recorded text", () => {
  for (const prefix of ["hvs", "hvb", "hvr", "s", "b", "r"]) {
    it(`${prefix}. tokens are replaced, all of them and whole`, () => {
      const token = `${prefix}.${random}_-longer`;
      assert.equal(redactTokens(`a ${token}, "${token}"`), `a ${prefix}.[redacted], "${prefix}.[redacted]"`);
      assert.equal(redactTokens(token), `${prefix}.[redacted]`);
    });
  }

  it("other text stays as it is", () => {
    for (const text of [
      "/v1/transit/encrypt/orders",
      "hvs.short",
      `keys.${random}`,
      "https://kms.us-east-1.amazonaws.com",
      "",
    ]) {
      assert.equal(redactTokens(text), text);
      assert.equal(redactTokensInUrl(text), text);
    }
  });

  it("are found however a URL encodes them", () => {
    const hidden = `/keys/%68v%73%2E${random.replace("A", "%41")}`;
    assert.equal(redactTokensInUrl(hidden), "/keys/hvs.[redacted]");
    assert.equal(redactTokensInUrl(`/keys/hvs.${random}%20x`), "/keys/hvs.[redacted]%20x");
    assert.equal(redactTokensInUrl("/keys/caf%C3%A9/%zz/%2e"), "/keys/caf%C3%A9/%zz/%2e");
  });
});
