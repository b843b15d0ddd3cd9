import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { describe, it } from "node:test";
import { der, makeTestCertificate, type TestCertificate, type TestCertificateFields } from "@coffer/testkit";
import { limits } from "../limits.ts";
import { ClientCertificate, parsePemCertificates, trustedChains } from "./client-certificate.ts";

const nowMs = Date.UTC(2026, 10, 1);
const dayMs = 86_400_000;
const signsCertificates = 0x04;
const signs = 0x80;

function make(name: string, issuer?: TestCertificate, more: Partial<TestCertificateFields> = {}): TestCertificate {
  const times = { notBeforeMs: nowMs - dayMs, notAfterMs: nowMs + dayMs };
  const base = { name, ...times, isCa: false, keyUsage: signs, ...more };
  return makeTestCertificate(issuer === undefined ? base : { ...base, issuer });
}

const authority = (name: string, issuer?: TestCertificate, more: Partial<TestCertificateFields> = {}) =>
  make(name, issuer, { isCa: true, keyUsage: signsCertificates, ...more });
const parse = ({ der: bytes }: TestCertificate) => ClientCertificate.parse(bytes)!;
const chainsOf = (presented: readonly TestCertificate[], roots: readonly TestCertificate[], atMs = nowMs) =>
  trustedChains(presented.map(parse), roots.map(parse), atMs).length;

const usage = (...oids: readonly string[]) => ({
  oid: "551d25",
  value: der(0x30, ...oids.map((oid) => der(0x06, Buffer.from(oid, "hex")))),
});
const clientAuth = "2b06010505070302";
const serverAuth = "2b06010505070301";

describe("chains of a client's certificate", () => {
  const root = authority("root");
  const middle = authority("middle", root);
  const leaf = make("leaf", middle);

  it("lead to a trusted authority, over those that the client presents", () => {
    assert.equal(chainsOf([leaf, middle], [root]), 1);
    assert.equal(chainsOf([leaf], [middle]), 1);
    assert.equal(chainsOf([leaf, middle], [root, middle]), 2);
    assert.equal(chainsOf([make("direct", root)], [root]), 1);
    assert.equal(chainsOf([root], [root]), 1);
  });

  it("are none without one that is trusted, or with a link missing", () => {
    assert.equal(chainsOf([leaf, middle], []), 0);
    assert.equal(chainsOf([leaf], [root]), 0);
    assert.equal(chainsOf([leaf, middle, root], []), 0);
    assert.equal(chainsOf([], [root]), 0);
    assert.equal(chainsOf([leaf, middle], [authority("root")]), 0, "another authority of the same name");
  });

  it("are none when a signature or a name does not fit", () => {
    const impostor = authority("root");
    assert.equal(chainsOf([make("leaf", impostor)], [root]), 0);
    assert.equal(chainsOf([make("leaf", root, { issuerName: "other" })], [root]), 0);
    const weak = make("leaf", root);
    const broken = Buffer.from(weak.der);
    broken[broken.length - 5]! ^= 1;
    assert.equal(chainsOf([{ ...weak, der: broken }], [root]), 0);
  });

  it("are none when who issued was no authority", () => {
    const client = make("client", root);
    assert.equal(chainsOf([make("leaf", client), client], [root]), 0);
    const lying = make("client", root, { keyUsage: signs | signsCertificates });
    assert.equal(chainsOf([make("leaf", lying), lying], [root]), 0, "its key usage alone makes it none");
    const noUsage = authority("root2", undefined, { keyUsage: signs });
    assert.equal(chainsOf([make("leaf", noUsage)], [noUsage]), 0);
    assert.equal(chainsOf([make("leaf", make("plain"))], [make("plain")]), 0);
  });

  it("are as long as their authorities allow", () => {
    const short = authority("short", undefined, { maxPathLength: 0 });
    assert.equal(chainsOf([make("leaf", short)], [short]), 1);
    const below = authority("below", short);
    assert.equal(chainsOf([make("leaf", below), below], [short]), 0);
  });

  it("are none out of the time of any of them", () => {
    const old = { notAfterMs: nowMs - 1000 };
    const early = { notBeforeMs: nowMs + 1000 };
    for (const times of [old, early]) {
      assert.equal(chainsOf([make("leaf", root, times)], [root]), 0);
      const issuer = authority("middle", root, times);
      assert.equal(chainsOf([make("leaf", issuer), issuer], [root]), 0);
      const anchor = authority("anchor", undefined, times);
      assert.equal(chainsOf([make("leaf", anchor)], [anchor]), 0);
    }
  });

  it("are none with critical extensions that are unknown, or restricted names", () => {
    assert.equal(chainsOf([make("leaf", root, { unknownCritical: true })], [root]), 0);
    const odd = authority("odd", root, { unknownCritical: true });
    assert.equal(chainsOf([make("leaf", odd), odd], [root]), 0);
    const constrained = authority("constrained", undefined, { more: [{ oid: "551d1e", value: der(0x30) }] });
    assert.equal(chainsOf([make("leaf", constrained)], [constrained]), 0);
    assert.equal(ClientCertificate.parse(make("leaf", root, { doubledKeyUsage: true }).der), undefined);
  });

  it("are none for certificates of another use", () => {
    assert.equal(chainsOf([make("leaf", root, { more: [usage(serverAuth)] })], [root]), 0);
    assert.equal(chainsOf([make("leaf", root, { more: [usage(serverAuth, clientAuth)] })], [root]), 1);
    const issuer = authority("middle", root, { more: [usage(serverAuth)] });
    assert.equal(chainsOf([make("leaf", issuer), issuer], [root]), 0);
  });

  it("are of so many certificates, and looked for so long", () => {
    const max = limits.chainCertificates.value;
    const line = [root];
    for (let index = 1; index < max - 1; index += 1) line.push(authority(`ca${index}`, line.at(-1)));
    const end = make("leaf", line.at(-1));
    assert.equal(chainsOf([end, ...line.slice(1).reverse()], [root]), 1);
    const last = authority("last", line.at(-1));
    assert.equal(chainsOf([make("leaf", last), last, ...line.slice(1).reverse()], [root]), 0);
    const decoys = Array.from({ length: limits.chainChecks.value }, () => parse(root));
    const found = trustedChains([parse(make("direct", middle))], [...decoys, parse(middle)], nowMs);
    assert.equal(found.length, 0);
    const pem = `-----BEGIN CERTIFICATE-----\n${root.der.toString("base64")}\n-----END CERTIFICATE-----\n`;
    assert.equal(parsePemCertificates(pem.repeat(max + 1)).length, max);
  });
});

describe("a certificate", () => {
  it("tells its names, units, identifiers and extensions", () => {
    const text = (value: string, tag: number) => der(tag, Buffer.from(value));
    const certificate = parse(
      make("ada", undefined, {
        units: ["eng", "ops"],
        more: [
          {
            oid: "551d11",
            value: der(0x30, text("a@x", 0x81), text("x.example", 0x82), text("urn:a", 0x86), text("y", 0x82)),
          },
          { oid: "551d0e", value: der(0x04, Buffer.from("0aff", "hex")) },
          { oid: "551d23", value: der(0x30, der(0x80, Buffer.from("01", "hex"))) },
          { oid: "2a0305", value: text("hello", 0x0c) },
          { oid: "2a0306", value: der(0x02, Buffer.of(5)) },
        ],
      }),
    );
    assert.equal(certificate.commonName, "ada");
    assert.deepEqual(certificate.organizationalUnits, ["eng", "ops"]);
    assert.deepEqual(certificate.emailAddresses, ["a@x"]);
    assert.deepEqual(certificate.dnsNames, ["x.example", "y"]);
    assert.deepEqual(certificate.uris, ["urn:a"]);
    assert.deepEqual([certificate.subjectKeyId, certificate.authorityKeyId], ["0a:ff", "01"]);
    assert.deepEqual(
      ["1.2.3.3.5", "1.2.3.5", "1.2.3.6", "1.2.3.7"].map((oid) => certificate.extensionText(oid)),
      [undefined, "hello", "", undefined],
    );
    assert.match(certificate.serialNumber, /^[0-9]+$/);
  });

  it("is none when it cannot be read", () => {
    for (const bytes of [Buffer.of(), Buffer.from("x"), der(0x30)])
      assert.equal(ClientCertificate.parse(bytes), undefined);
    assert.deepEqual(parsePemCertificates("x"), []);
    const key = generateKeyPairSync("ed25519").publicKey.export({ type: "spki", format: "pem" }).toString();
    assert.deepEqual(parsePemCertificates(key), []);
  });
});
