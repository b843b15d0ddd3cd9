import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isWithin, parseIpRange } from "./ip.ts";
import { parseBase64, parseDateMs, parseDecimal } from "./values.ts";

describe("parseDateMs", () => {
  const cases: readonly (readonly [text: string, ms: number | undefined])[] = [
    ["2020-01-01T00:00:01Z", Date.UTC(2020, 0, 1, 0, 0, 1)],
    ["2020", Date.UTC(2020, 0)],
    ["2020-02", Date.UTC(2020, 1)],
    ["2020-02-29", Date.UTC(2020, 1, 29)],
    ["2020-01-01T10:30+01:00", Date.UTC(2020, 0, 1, 9, 30)],
    ["2020-01-01T10:30:00.5Z", Date.UTC(2020, 0, 1, 10, 30) + 500],
    ["2020-01-01T10:30", Date.UTC(2020, 0, 1, 10, 30)],
    ["1577836801", Date.UTC(2020, 0, 1, 0, 0, 1)],
    ["2021-02-29", undefined],
    ["2020-13-01", undefined],
    ["2020-1-1", undefined],
    ["1 January 2020", undefined],
    ["", undefined],
    ["2020-01-01T10:30:00Z*", undefined],
  ];
  for (const [text, ms] of cases) it(`${JSON.stringify(text)} is ${ms}`, () => assert.equal(parseDateMs(text), ms));
});

describe("parseDecimal", () => {
  const cases: readonly (readonly [text: string, value: number | undefined])[] = [
    ["10", 10],
    ["-1.5", -1.5],
    [".5", 0.5],
    ["1e3", 1000],
    ["", undefined],
    [" 1", undefined],
    ["0x10", undefined],
    ["Infinity", undefined],
    ["1,000", undefined],
  ];
  for (const [text, value] of cases)
    it(`${JSON.stringify(text)} is ${value}`, () => assert.equal(parseDecimal(text), value));
});

describe("parseBase64", () => {
  it("reads strict base64 alone", () => {
    assert.equal(parseBase64("QmluYXJ5VmFsdWVJbkJhc2U2NA=="), "BinaryValueInBase64");
    for (const text of ["QQ", "Q-Q=", "Q Q=", "====", "QUI=QUI="]) assert.equal(parseBase64(text), undefined, text);
  });
});

describe("isWithin", () => {
  const cases: readonly (readonly [address: string, range: string, expected: boolean])[] = [
    ["203.0.113.0", "203.0.113.0/24", true],
    ["203.0.113.255", "203.0.113.0/24", true],
    ["203.0.114.0", "203.0.113.0/24", false],
    ["203.0.113.7", "203.0.113.7", true],
    ["203.0.113.8", "203.0.113.7", false],
    ["203.0.113.8", "203.0.113.77/24", true],
    ["10.11.255.255", "10.10.0.0/15", true],
    ["10.12.0.0", "10.10.0.0/15", false],
    ["1.2.3.4", "0.0.0.0/0", true],
    ["2001:db8:1234:5678::1", "2001:DB8:1234:5678::/64", true],
    ["2001:db8:1234:5679::1", "2001:DB8:1234:5678::/64", false],
    ["2001:db8::1", "2001:db8:0:0:0:0:0:1", true],
    ["::1", "::/0", true],
    // A dual-stack socket reports IPv4 callers so.
    ["::ffff:203.0.113.9", "203.0.113.0/24", true],
    ["203.0.113.9", "::ffff:cb00:7100/120", true],
    ["203.0.113.9", "::/0", false],
    ["::1", "0.0.0.0/0", false],
    ["203.0.113.0/25", "203.0.113.0/24", true],
    ["203.0.113.0/16", "203.0.113.0/24", false],
  ];
  for (const [address, range, expected] of cases) {
    it(`${address} is ${expected ? "" : "not "}within ${range}`, () => {
      const [inner, outer] = [parseIpRange(address), parseIpRange(range)];
      assert.ok(inner && outer);
      assert.equal(isWithin(inner, outer), expected);
    });
  }

  const malformed = [
    "",
    "1.2.3",
    "1.2.3.4.5",
    "256.1.1.1",
    "01.2.3.4",
    "1.2.3.4/33",
    "1.2.3.4/-1",
    "1.2.3.4/",
    "1.2.3.4/8/8",
    "::1/129",
    ":::",
    "1::2::3",
    "1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:8:9",
    "1:2:3:4:5:6:7::8",
    "12345::",
    "fe80::1%eth0",
    "1.2.3.4::",
    "::1.2.3",
    "*",
  ];
  for (const text of malformed) {
    it(`${JSON.stringify(text)} is no address`, () => assert.equal(parseIpRange(text), undefined));
  }
});
