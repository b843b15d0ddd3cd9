import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { canonicalJson } from "./canonical-json.ts";

/** The examples of the Matrix specification, appendices, "Canonical JSON". */
const examples = [
  ["{}", "{}"],
  ['{ "one": 1, "two": "Two" }', '{"one":1,"two":"Two"}'],
  ['{ "b": "2", "a": "1" }', '{"a":"1","b":"2"}'],
  [
    '{"auth":{"success":true,"mxid":"@john.doe:example.com","profile":{"display_name":"John Doe","three_pids":[{"medium":"email","address":"john.doe@example.org"},{"medium":"msisdn","address":"123456789"}]}}}',
    '{"auth":{"mxid":"@john.doe:example.com","profile":{"display_name":"John Doe","three_pids":[{"address":"john.doe@example.org","medium":"email"},{"address":"123456789","medium":"msisdn"}]},"success":true}}',
  ],
  ['{ "a": "日本語" }', '{"a":"日本語"}'],
  ['{ "本": 2, "日": 1 }', '{"日":1,"本":2}'],
  ['{ "a": "\\u65E5" }', '{"a":"日"}'],
  ['{ "a": null }', '{"a":null}'],
] as const;

describe("canonical JSON", () => {
  it("is as Matrix has it", () => {
    for (const [json, canonical] of examples) assert.equal(canonicalJson(JSON.parse(json)), canonical);
  });

  it("sorts by code points, not by UTF-16's units", () => {
    assert.equal(canonicalJson({ "\u{1f511}": 1, "\uffff": 2 }), '{"\uffff":2,"\u{1f511}":1}');
  });
});
