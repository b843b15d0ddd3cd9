import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { errorStatuses, operations, shapes, targetPrefix } from "./generated/model.ts";
import { kmsTargets } from "./operations.ts";

const names = Object.keys(operations);

describe("AWS KMS operations", () => {
  it("has every operation of the model, done or with what it lacks", () => {
    assert.equal(names.length, 56);
    assert.deepEqual(new Set(kmsTargets.keys()), new Set(names.map((name) => `${targetPrefix}.${name}`)));
    for (const [target, row] of kmsTargets) {
      assert.equal(target, `${targetPrefix}.${row.name}`);
      if ("absent" in row) assert.ok(row.absent.length > 3, target);
    }
  });

  it("finds no operation by a name that objects inherit", () => {
    for (const name of Object.getOwnPropertyNames(Object.prototype)) {
      assert.equal(kmsTargets.get(name), undefined);
      assert.equal(kmsTargets.get(`${targetPrefix}.${name}`), undefined);
    }
  });

  it("has a model without loose ends", () => {
    const shapeNames = new Set(Object.keys(shapes));
    for (const operation of Object.values(operations)) {
      assert.ok(shapeNames.has(operation.input));
      if ("output" in operation) assert.ok(shapeNames.has(operation.output));
      for (const error of operation.errors) assert.ok(Object.hasOwn(errorStatuses, error), error);
    }
    for (const name of [
      ...shapeNames,
      ...Object.values(shapes).flatMap((shape) => ("members" in shape ? Object.keys(shape.members) : [])),
    ]) {
      assert.ok(!(name in Object.prototype), name);
    }
  });
});
