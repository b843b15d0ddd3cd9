import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { decrypt, readKey, readMessage, readPrivateKey, readSignature, SignaturePacket, verify } from "openpgp";
import { identityKeyOf, parseCertificate } from "../src/certificates.ts";
import { settingsOf } from "../src/settings.ts";
import { openAndVerify } from "../src/signed-message.ts";

/*
 * Vectors of RFC 9580, appendix A, read with this package's own settings. They are the IETF Trust's, published to be
 * implemented: the sections are named beside each.
 */
const settings = settingsOf("v6", Date.now);
const { config } = settings;
const octets = (...base64: string[]) => Uint8Array.fromBase64(base64.join(""));

// A.3: Sample Version 6 Certificate (Transferable Public Key).
const certificate = octets(
  "xioGY4d/4xsAAAAg+U2nu0jWCmHlZ3BqZYfQMxmZu52JGggkLq2EVD34laPCsQYf",
  "GwoAAABCBYJjh3/jAwsJBwUVCg4IDAIWAAKbAwIeCSIhBssYbE8GCaaX5NUt+mxy",
  "KwwfHifBilZwj2Ul7Ce62azJBScJAgcCAAAAAK0oIBA+LX0ifsDm185Ecds2v8lw",
  "gyU2kCcUmKfvBXbAf6rhRYWzuQOwEn7E/aLwIwRaLsdry0+VcallHhSu4RN6HWaE",
  "QsiPlR4zxP/TP7mhfVEe7XWPxtnMUMtf15OyA51YBM4qBmOHf+MZAAAAIIaTJINn",
  "+eUBXbki+PSAld2nhJh/LVmFsS+60WyvXkQ1wpsGGBsKAAAALAWCY4d/4wKbDCIh",
  "BssYbE8GCaaX5NUt+mxyKwwfHifBilZwj2Ul7Ce62azJAAAAAAQBIKbpGG2dWTX8",
  "j+VjFM21J0hqWlEg+bdiojWnKfA5AQpWUWtnNwDEM0g12vYxoWM8Y81W+bHBw805",
  "I8kWVkXU6vFOi+HWvv/ira7ofJu16NnoUkhclkUrk0mXubZvyl4GBg==",
);

// A.4: Sample Version 6 Secret Key (Transferable Secret Key).
const privateKey = octets(
  "xUsGY4d/4xsAAAAg+U2nu0jWCmHlZ3BqZYfQMxmZu52JGggkLq2EVD34laMAGXKB",
  "exK+cH6NX1hs5hNhIB00TrJmosgv3mg1ditlsLfCsQYfGwoAAABCBYJjh3/jAwsJ",
  "BwUVCg4IDAIWAAKbAwIeCSIhBssYbE8GCaaX5NUt+mxyKwwfHifBilZwj2Ul7Ce6",
  "2azJBScJAgcCAAAAAK0oIBA+LX0ifsDm185Ecds2v8lwgyU2kCcUmKfvBXbAf6rh",
  "RYWzuQOwEn7E/aLwIwRaLsdry0+VcallHhSu4RN6HWaEQsiPlR4zxP/TP7mhfVEe",
  "7XWPxtnMUMtf15OyA51YBMdLBmOHf+MZAAAAIIaTJINn+eUBXbki+PSAld2nhJh/",
  "LVmFsS+60WyvXkQ1AE1gCk95TUR3XFeibg/u/tVY6a//1q0NWC1X+yui3O24wpsG",
  "GBsKAAAALAWCY4d/4wKbDCIhBssYbE8GCaaX5NUt+mxyKwwfHifBilZwj2Ul7Ce6",
  "2azJAAAAAAQBIKbpGG2dWTX8j+VjFM21J0hqWlEg+bdiojWnKfA5AQpWUWtnNwDE",
  "M0g12vYxoWM8Y81W+bHBw805I8kWVkXU6vFOi+HWvv/ira7ofJu16NnoUkhclkUr",
  "k0mXubZvyl4GBg==",
);

describe("openpgp: vectors of RFC 9580, appendix A", () => {
  it("A.1, A.2: a version 4 key with Ed25519 of old, and its signature", async () => {
    const key = await readKey({
      binaryKey: octets("xjMEU/NfCxYJKwYBBAHaRw8BAQdAPwmJlL3ZFu1AUxl5NOSofIBzOhKA1i+AEJkuQ+47JAY="),
      config,
    });
    assert.equal(key.getFingerprint(), "c959bdbafa32a2f89a153b678cfde12197965a9a");
    const signature = octets(
      "iF4EABYIAAYFAlX5X5UACgkQjP3hIZeWWpr2IgD/VvkMypjiECY3vZg/2xbBMd/S",
      "ftgr9N3lYG4NdWrtM2YBANCcT6EVJ/A44PV/IgHYLy6iyQMyZfps60iehUuuYbQE",
    );
    const [packet] = (await readSignature({ binarySignature: signature, config })).packets;
    assert.ok(packet instanceof SignaturePacket);
    assert.equal(packet.created?.getTime(), 1442406293_000);
    await packet.verify(
      key.keyPacket,
      0,
      { text: null, getBytes: () => new TextEncoder().encode("OpenPGP") },
      undefined,
      true,
    );
  });

  it("A.3: a version 6 certificate", async () => {
    const key = await parseCertificate(settings, certificate);
    const fingerprint = "cb186c4f0609a697e4d52dfa6c722b0c1f1e27c18a56708f6525ec27bad9acc9";
    assert.equal(Uint8Array.fromBase64(identityKeyOf(key)).toHex(), fingerprint);
  });

  it("A.4: its secret key", async () => {
    const key = await readPrivateKey({ binaryKey: privateKey, config });
    assert.deepEqual(key.toPublic().write(), certificate);
  });

  it("A.7: a message that it signed inline", async () => {
    const message = await readMessage({
      binaryMessage: octets(
        "xEYGAQobIHZJX1AhiJD39eLuPBgiUU9wUA9VHYblySHkBONKU/usyxhsTwYJppfk",
        "1S36bHIrDB8eJ8GKVnCPZSXsJ7rZrMkBy0p1AAAAAABXaGF0IHdlIG5lZWQgZnJv",
        "bSB0aGUgZ3JvY2VyeSBzdG9yZToKCi0gdG9mdQotIHZlZ2V0YWJsZXMKLSBub29k",
        "bGVzCsKYBgEbCgAAACkFgmOYo2MiIQbLGGxPBgmml+TVLfpscisMHx4nwYpWcI9l",
        "JewnutmsyQAAAABpNiB2SV9QIYiQ9/Xi7jwYIlFPcFAPVR2G5ckh5ATjSlP7rCfQ",
        "b7gKqPxbyxbhljGygHQPnqau1eBzrQD5QVplPEDnemrnfmkrpx0GmhCfokxYz9jj",
        "FtCgazStmsuOXF9SFQE=",
      ),
      config,
    });
    const verificationKeys = await parseCertificate(settings, certificate);
    const { data, signatures } = await verify({ message, verificationKeys, config });
    assert.equal(await signatures[0]?.verified, true);
    assert.equal(data, "What we need from the grocery store:\n\n- tofu\n- vegetables\n- noodles\n");
  });

  it("A.8: a message that was encrypted by X25519 and OCB; it is not signed, so it is none for this package", async () => {
    const sealed = octets(
      "wV0GIQYSyD8ecG9jCP4VGkF3Q6HwM3kOk+mXhIjR2zeNqZMIhRmHzxjV8bU/gXzO",
      "WgBM85PMiVi93AZfJfhK9QmxfdNnZBjeo1VDeVZheQHgaVf7yopqR6W1FT6NOrfS",
      "aQIHAgZhZBZTW+CwcW1g4FKlbExAf56zaw76/prQoN+bAzxpohup69LA7JW/Vp0l",
      "yZnuSj3hcFj0DfqLTGgr4/u717J+sPWbtQBfgMfG9AOIwwrUBqsFE9zW+f1zdlYo",
      "bhF30A+IitsxxA==",
    );
    const own = await readPrivateKey({ binaryKey: privateKey, config });
    const message = await readMessage({ binaryMessage: sealed, config });
    assert.equal((await decrypt({ message, decryptionKeys: own, config })).data, "Hello, world!");
    await assert.rejects(openAndVerify(settings, own, own.toPublic(), sealed), /not one signature/);
  });
});
