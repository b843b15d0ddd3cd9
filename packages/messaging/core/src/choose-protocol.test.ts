import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { chooseE2EProtocol, type Needs } from "./choose-protocol.ts";
import { MessagingError } from "./errors.ts";

const chosen = (useCase: string, needs?: Needs) => chooseE2EProtocol(useCase, needs).protocol.id;

describe("chooseE2EProtocol", () => {
  it("has one for each use case", () => {
    assert.equal(chosen("instant_messaging"), "signal");
    assert.equal(chosen("email_encryption"), "openpgp");
    assert.equal(chosen("group_collaboration"), "olm");
    assert.equal(chosen("legacy_chat"), "otr");
    assert.equal(chosen("carrier_pigeons"), "signal");
    assert.equal(chosen("__proto__"), "signal");
  });

  it("takes the next one when the first lacks something, and says what", () => {
    const { protocol, reasons } = chooseE2EProtocol("instant_messaging", { runtime: "browser" });
    assert.equal(protocol.id, "olm");
    assert.match(reasons.join(" "), /Signal .* does not run there/);
    assert.equal(chosen("instant_messaging", { withoutAgpl: true }), "olm");
    assert.equal(chosen("instant_messaging", { postQuantum: true }), "signal");
    assert.equal(chosen("group_collaboration", { withoutAgpl: true }), "olm");
  });

  it("refuses the impossible", () => {
    const impossible: [string, Needs, RegExp][] = [
      ["legacy_chat", { offline: true }, /needs both sides online/],
      ["email_encryption", { forwardSecrecy: true }, /has no forward secrecy/],
      [
        "email_encryption",
        { postCompromiseSecurity: true, postQuantum: true },
        /does not recover .* and is not post-quantum/,
      ],
      ["legacy_chat", { groups: true }, /has no groups/],
      ["instant_messaging", { withoutAgpl: true, postQuantum: true }, /MLS|RFC 9420\) is not post-quantum/],
      ["email_encryption", { postQuantum: true }, /OpenPGP/],
    ];
    for (const [useCase, needs, text] of impossible) {
      assert.throws(
        () => chooseE2EProtocol(useCase, needs),
        (error) => error instanceof MessagingError && error.code === "ImpossibleChoice" && text.test(error.message),
      );
    }
  });

  it("tells what whoever picks it must know", () => {
    assert.match(chooseE2EProtocol("instant_messaging").caveats.join(" "), /AGPL/);
    assert.match(chooseE2EProtocol("legacy_chat").caveats.join(" "), /Legacy/);
  });
});
