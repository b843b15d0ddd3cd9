import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { dataOf, done, refused } from "./auth-methods.ts";
import { base64, openVaultTest, type VaultTest } from "./vault-client.ts";

// What these tests expect was seen at OpenBao 2.6.2.
describe("password policies of the Vault API", () => {
  let t: VaultTest;
  let call: VaultTest["call"];

  before(async () => {
    t = await openVaultTest();
    call = t.call;
  });
  after(async () => {
    assert.deepEqual(t.test.bugs, []);
    await t.close();
  });

  const put = (name: string, policy: string) => call("PUT", `sys/policies/password/${name}`, { policy });
  const collected = (problem: string) => `1 error occurred:\n\t* ${problem}\n\n`;
  const text =
    'length = 20\nrule "charset" { charset = "abc\u00e9" min-chars = 3 }\nrule "charset" { charset = "01" min-chars = 2 }';

  it("are written, read, listed and deleted", async () => {
    assert.equal((await call("LIST", "sys/policies/password")).status, 404);
    done(await put("letters", text));
    done(await put("coded", base64(text)));
    assert.deepEqual(dataOf(await call("GET", "sys/policies/password/letters")), { policy: text });
    assert.deepEqual(dataOf(await call("GET", "sys/policies/password/coded")), { policy: text });
    assert.deepEqual(dataOf(await call("LIST", "sys/policies/password")).keys, ["coded", "letters"]);
    done(await call("DELETE", "sys/policies/password/coded"));
    done(await call("DELETE", "sys/policies/password/coded"));
    const missing = collected("policy does not exist");
    refused(await call("GET", "sys/policies/password/coded"), 404, missing);
    refused(await call("GET", "sys/policies/password/Letters/generate"), 404, missing);
  });

  it("make passwords that meet their rules, each another, and leave no trace of them", async () => {
    const passwords = new Set<string>();
    for (let at = 0; at < 50; at += 1) {
      const { password } = dataOf(await call("GET", "sys/policies/password/letters/generate"));
      assert.match(password, /^[abc\u00e901]{20}$/u);
      assert.ok(password.match(/[abc\u00e9]/gu).length >= 3 && password.match(/[01]/g).length >= 2);
      passwords.add(password);
    }
    assert.equal(passwords.size, 50);
    const lines = JSON.stringify(await t.test.auditEvents());
    for (const password of passwords) assert.ok(!lines.includes(password));
  });

  it("use every character", async () => {
    done(await put("digits", 'length = 100\nrule "charset" { charset = "0123456789" }'));
    const { password } = dataOf(await call("GET", "sys/policies/password/digits/generate"));
    const more = dataOf(await call("GET", "sys/policies/password/digits/generate")).password;
    assert.equal(new Set(password + more).size, 10);
  });

  it("are refused in the original's words", async () => {
    refused(await put("x", ""), 400, collected("missing policy"));
    const short = 'length = 3\nrule "charset" { charset = "ab" }';
    refused(await put("x", short), 400, collected("passwords must be between 4 and 100 characters"));
    const none = collected(`invalid password policy: ${collected("no charset specified")}`);
    refused(await put("x", "length = 20"), 400, none);
    const rare =
      'length = 100\nrule "charset" { charset = "abcdefghi" min-chars = 50 }\nrule "charset" { charset = "0" min-chars = 50 }';
    const impossible = "unable to construct test password from provided policy: are the rules impossible?";
    refused(await put("x", rare), 400, collected(impossible));
    assert.equal((await call("GET", "sys/policies/password/x")).status, 404);
  });
});
