import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import {
  findBotocoreModel,
  generateAwsModel,
  generatedFolder,
  generatedServices,
  readAwsModel,
} from "./generate-aws-model.ts";

/** What generateAwsModel reads, of a service that is easy to see through. */
const model = {
  metadata: { apiVersion: "2020-01-01", targetPrefix: "Tiny" },
  operations: {
    Put: { input: { shape: "PutRequest" }, errors: [{ shape: "Gone" }, { shape: "Broken" }] },
    Get: { input: { shape: "GetRequest" }, output: { shape: "GetResponse" } },
  },
  shapes: {
    PutRequest: {
      type: "structure",
      required: ["Body"],
      members: { Body: { shape: "Body" }, Notes: { shape: "Notes" }, Kind: { shape: "Kind" } },
    },
    GetRequest: { type: "structure", members: {} },
    GetResponse: { type: "structure", required: ["Body"], members: { Body: { shape: "Body" }, At: { shape: "Time" } } },
    Body: { type: "blob", min: 1, max: 8, sensitive: true },
    Notes: { type: "map", key: { shape: "Text" }, value: { shape: "Text" } },
    Kind: { type: "string", enum: ["A", "B"], pattern: "^[A-Z]\\d$" },
    Text: { type: "string" },
    Time: { type: "timestamp" },
    Gone: { type: "structure", exception: true },
    Broken: { type: "structure", exception: true, fault: true },
  },
} as const;

describe("generate-aws-model", () => {
  it("turns a model into tables and types", () => {
    const { "model.ts": tables, "types.ts": types } = generateAwsModel({ model, origin: "a test" });
    for (const line of [
      'export const targetPrefix = "Tiny";',
      '  Put: { input: "PutRequest", errors: ["Broken", "Gone"] },',
      '  Get: { input: "GetRequest", output: "GetResponse", errors: [] },',
      "  Broken: 500,",
      "  Gone: 400,",
      '  Body: { type: "blob", min: 1, max: 8, sensitive: true },',
      '  Kind: { type: "string", pattern: "^[A-Z]\\\\d$", enum: ["A", "B"] },',
      '  Notes: { type: "map", key: "Text", value: "Text" },',
      '  PutRequest: { type: "structure", required: ["Body"], members: { Body: "Body", Notes: "Notes", Kind: "Kind" } },',
    ]) {
      assert.ok(tables.includes(`${line}\n`), line);
    }
    for (const line of [
      "export interface GetRequest {}",
      "export interface GetResponse { readonly Body?: string | undefined; readonly At?: number | undefined }",
      "export interface PutRequest { readonly Body: Buffer; readonly Notes?: Readonly<Record<string, string>> | undefined; readonly Kind?: string | undefined }",
      "  readonly Put: { readonly input: PutRequest; readonly output: undefined };",
    ]) {
      assert.ok(types.includes(`${line}\n`), line);
    }
  });

  it("refuses a model with a loose end", () => {
    const operations = { Get: { input: { shape: "constructor" } } };
    assert.throws(
      () => generateAwsModel({ model: { ...model, operations }, origin: "a test" }),
      /does not have: constructor/,
    );
  });

  for (const service of generatedServices) {
    const botocore = findBotocoreModel(service);
    const skip = botocore === undefined && "botocore is not installed in .venv";
    it(`made the committed model of ${service.name}`, { skip }, () => {
      for (const [name, text] of Object.entries(generateAwsModel(readAwsModel(botocore!, service)))) {
        assert.equal(readFileSync(join(generatedFolder(service), name), "utf8"), text, name);
      }
    });
  }

  const kms = generatedServices.find(({ name }) => name === "kms")!;
  const kmsFolder = findBotocoreModel(kms);
  const skip = kmsFolder === undefined && "botocore is not installed in .venv";
  it("finds JSON alone in the model of AWS KMS, and no compressed requests: what the wire speaks", { skip }, () => {
    const { model: read } = readAwsModel(kmsFolder!, kms);
    assert.deepEqual(read.metadata.protocols, ["json"]);
    assert.doesNotMatch(JSON.stringify(read.operations), /requestcompression/i);
  });
});
