import { type KeySpec, type KeySpecRow, keySpecs } from "../packages/crypto/src/index.ts";
import { type AlgorithmFacts, algorithmFacts, internalAlgorithms, type SpecFacts, specFacts } from "./cbom-facts.ts";

/** docs/cbom.json: CycloneDX 1.6, one cryptographic asset for each algorithm of each key spec, and each that Coffer uses itself. */
export function renderCbom(): string {
  const ofKeys = [...keySpecs.values()].flatMap((row) =>
    [...new Set([...row.algorithms.values()].flat())].map((name) => keyAsset(row, name)),
  );
  const own = internalAlgorithms.map(({ name, use, ...facts }) => ({
    ...asset(`coffer/${name}`, name, facts),
    description: use,
  }));
  const bom = {
    $schema: "http://cyclonedx.org/schema/bom-1.6.schema.json",
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    version: 1,
    metadata: { component: { type: "application", "bom-ref": "coffer", name: "coffer" } },
    components: [...ofKeys, ...own],
  };
  return `${JSON.stringify(bom, null, 2)}\n`;
}

function keyAsset({ spec }: KeySpecRow, name: string) {
  const facts = { ...factsOf(algorithmFacts, name), ...factsOf<KeySpec, SpecFacts>(specFacts, spec) };
  return { ...asset(`${spec}/${name}`, name, facts), description: `Keys of the spec ${spec}` };
}

function asset(ref: string, name: string, { oid, ...facts }: AlgorithmFacts & SpecFacts) {
  const algorithmProperties = {
    executionEnvironment: "software-plain-ram",
    implementationPlatform: "generic",
    certificationLevel: ["none"],
    ...facts,
  };
  const cryptoProperties = { assetType: "algorithm", algorithmProperties, ...(oid === undefined ? {} : { oid }) };
  return { type: "cryptographic-asset", "bom-ref": ref, name, cryptoProperties };
}

function factsOf<Name, Facts>(table: ReadonlyMap<Name, Facts>, name: Name): Facts {
  const facts = table.get(name);
  if (facts === undefined) throw new Error(`tools/cbom-facts.ts has no row for ${String(name)}`);
  return facts;
}
