import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { Validator } from "@seriousme/openapi-schema-validator";
import { openRestTest, type RestTest } from "./rest-client.ts";

interface Described {
  readonly operationId: string;
  readonly parameters?: readonly {
    readonly name: string;
    readonly in: string;
    readonly required: boolean;
    readonly schema: { readonly examples?: readonly unknown[] };
  }[];
  readonly requestBody?: { readonly content: Record<string, { readonly example?: object }> };
  readonly responses: Record<string, unknown>;
}

describe("openapi.json", () => {
  let rest: RestTest;
  // biome-ignore lint/suspicious/noExplicitAny: a document of any shape
  let document: any;

  before(async () => {
    rest = await openRestTest();
    document = (await rest.call("GET", "/openapi.json", undefined, {})).json;
  });
  after(() => rest.close());

  it("is a valid OpenAPI 3.1 document", async () => {
    const validator = new Validator();
    const result = await validator.validate(structuredClone(document));
    assert.deepEqual(result.errors ?? [], []);
    assert.equal(result.valid, true);
    assert.equal(validator.version, "3.1");
    assert.equal(document.info.version, "1.2.3");
  });

  function operations(): [path: string, method: string, operation: Described][] {
    const paths = Object.entries<Record<string, Described>>(document.paths);
    return paths.flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]): [string, string, Described] => [path, method, operation]),
    );
  }

  it("names each operation once, and every path's parameters", () => {
    const ids = operations().map(([, , { operationId }]) => operationId);
    assert.equal(new Set(ids).size, ids.length);
    for (const [path, , { parameters = [] }] of operations()) {
      const wanted = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]);
      const given = parameters.filter((parameter) => parameter.in === "path").map(({ name }) => name);
      assert.deepEqual(given, wanted);
    }
  });

  /** The request of an operation, from its examples; `known` has what only an earlier answer can tell. */
  function exampleRequest(path: string, operation: Described, known: ReadonlyMap<string, string>) {
    const { parameters = [], requestBody } = operation;
    const example = (name: string) =>
      String(known.get(name) ?? parameters.find((parameter) => parameter.name === name)?.schema.examples?.[0]);
    const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(example(name)));
    const query = parameters
      .filter((parameter) => parameter.in === "query" && parameter.required)
      .map(({ name }) => `?${name}=${encodeURIComponent(example(name))}`);
    const body = requestBody?.content["application/json"]?.example;
    const ciphertext = known.get("ciphertext");
    const filledBody = path === "/decrypt" ? { ...body, ciphertext } : body;
    return { path: filled + query.join(""), body: filledBody };
  }

  it("has examples that work, one after the other", async () => {
    const known = new Map<string, string>();
    const learn: Record<string, [name: string, member: string]> = {
      encrypt: ["ciphertext", "ciphertext"],
      createToken: ["accessor", "accessor"],
      createAccessKey: ["id", "access_key_id"],
    };
    const role = { kind: "role", name: "reader" };
    assert.equal((await rest.call("POST", "/admin/principals", role)).status, 201);
    const all = operations();
    // What is deleted last was made first.
    const deletions = all.filter(([, method]) => method === "delete").reverse();
    for (const [path, method, operation] of [...all.filter((each) => !deletions.includes(each)), ...deletions]) {
      const { operationId } = operation;
      const request = exampleRequest(path, operation, known);
      if (operationId === "restoreKey") await rest.call("DELETE", "/keys/orders");
      if (operationId === "deletePolicyVersion") {
        await rest.call("PUT", "/admin/managed-policies/orders-reader/default-version", { version: "v1" });
      }
      const answer = await rest.call(method.toUpperCase(), request.path, request.body);
      assert.equal(String(answer.status), Object.keys(operation.responses)[0], `${operationId}: ${answer.text}`);
      if (operationId === "deleteKey") await rest.call("POST", "/keys/orders/restore");
      const learned = learn[operationId];
      if (learned !== undefined) known.set(learned[0], answer.json[learned[1]]);
    }
  });
});
