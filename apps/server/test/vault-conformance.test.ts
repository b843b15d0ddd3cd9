import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, describe, it } from "node:test";
import { ServerUnderTest } from "./server-under-test.ts";
import { areas } from "./vault-conformance/areas.ts";
import { compare, everywhereRows } from "./vault-conformance/compare.ts";
import { play } from "./vault-conformance/play.ts";
import { readRecording } from "./vault-conformance/recording.ts";

const divergences = readFileSync(new URL("../../../docs/divergences/vault.md", import.meta.url), "utf8");

for (const area of areas) {
  describe(`Answers as of OpenBao: ${area.name}`, () => {
    const { answers } = readRecording(area);
    let server: ServerUnderTest;
    before(async () => {
      const seal = area.uninitialised === true ? ["--seal=shamir"] : [];
      server = await ServerUnderTest.start({ listeners: 2, args: seal });
    });
    after(() => server?.kill());

    for (const scenario of area.scenarios) {
      it(scenario.name, { skip: scenario.pending ?? false }, async () => {
        const recorded = answers[scenario.name];
        assert.equal(recorded?.length, scenario.steps.length, "record it anew: tools/record-openbao.ts");
        const token = area.uninitialised === true ? "" : server.credentials.token;
        const actual = await play(scenario, { address: server.vaultUrl, token });
        const findings = scenario.steps.flatMap(({ request, differs }, at) =>
          compare(recorded[at]!, actual[at]!, differs).map((finding) => `${at + 1}. ${request}: ${finding}`),
        );
        assert.deepEqual(findings, []);
      });
    }

    it("has a row in docs/divergences/vault.md for each difference", () => {
      const rows = area.scenarios.flatMap(({ steps }) =>
        steps.flatMap(({ differs }) => (differs ?? []).map(({ row }) => row)),
      );
      for (const row of new Set([...rows, ...everywhereRows]))
        assert.ok(divergences.includes(`| ${row} |`), `no row ${row}`);
    });
  });
}
