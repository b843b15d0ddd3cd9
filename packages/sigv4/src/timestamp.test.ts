import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { formatBasicTimestamp, parseBasicTimestamp, parseDateHeader } from "./timestamp.ts";

test("every second from 1970 to 9999 survives formatting and parsing", () => {
  const lastSecond = Date.UTC(9999, 11, 31, 23, 59, 59) / 1000;
  fc.assert(
    fc.property(fc.integer({ min: 0, max: lastSecond }), (second) => {
      const text = formatBasicTimestamp(second * 1000);
      assert.match(text, /^[0-9]{8}T[0-9]{6}Z$/);
      assert.equal(parseBasicTimestamp(text), second * 1000);
      assert.equal(text, new Date(second * 1000).toISOString().replace(/[-:]|\.000/g, ""));
    }),
  );
});

test("days and times that do not exist are refused", () => {
  assert.equal(parseBasicTimestamp("20240229T000000Z"), Date.UTC(2024, 1, 29));
  assert.equal(parseBasicTimestamp("20000229T235959Z"), Date.UTC(2000, 1, 29, 23, 59, 59));
  for (const text of [
    "20230229T000000Z",
    "21000229T000000Z",
    "20230431T000000Z",
    "20231301T000000Z",
    "20230001T000000Z",
    "20230100T000000Z",
    "20230101T240000Z",
    "20230101T006000Z",
    "20230101T000060Z",
    "19691231T235959Z",
    "2023-01-01T00:00",
    "20230101 000000Z",
    "20230101T000000z",
    "20230101T000000ZZ",
    "2023010aT000000Z",
    "20230101T0000 0Z",
    "20230101T-10000Z",
    "",
  ]) {
    assert.equal(parseBasicTimestamp(text), undefined, text);
  }
});

test("a Date header is read in either form", () => {
  assert.equal(parseDateHeader("Sun, 06 Nov 1994 08:49:37 GMT"), Date.UTC(1994, 10, 6, 8, 49, 37));
  assert.equal(parseDateHeader("19941106T084937Z"), Date.UTC(1994, 10, 6, 8, 49, 37));
  for (const text of ["Sun, 31 Nov 1994 08:49:37 GMT", "Sun, 06 Foo 1994 08:49:37 GMT", "1994-11-06", "0"]) {
    assert.equal(parseDateHeader(text), undefined, text);
  }
});

test("an instant without a four-digit year is refused", () => {
  assert.throws(() => formatBasicTimestamp(Date.UTC(10000, 0, 1)), RangeError);
  assert.throws(() => formatBasicTimestamp(Number.NaN), RangeError);
});
