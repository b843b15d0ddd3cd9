import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { ErrorCode } from "../errors.ts";
import type { KeyState, KeyUsage } from "../model/key.ts";
import type { Operation } from "../pipeline/operation.ts";
import { CoreTest } from "../testing/core-test.ts";
import { createAlias, deleteAlias, updateAlias } from "./aliases/alias-operations.ts";
import { listAliases } from "./aliases/list-aliases.ts";
import { decrypt } from "./decrypt.ts";
import { encrypt } from "./encrypt.ts";
import { generateDataKey, generateDataKeyWithoutPlaintext } from "./generate-data-key.ts";
import { disableKey, enableKey } from "./keys/change-state.ts";
import { describeKey } from "./keys/describe-key.ts";
import { summarizeKey } from "./keys/key-summaries.ts";
import { cancelKeyDeletion, restoreKey, scheduleKeyDeletion } from "./keys/schedule-key-deletion.ts";
import { updateKeyDescription } from "./keys/update-key-description.ts";
import { getKeyPolicy, listKeyPolicies, putKeyPolicy } from "./policies/key-policy-operations.ts";
import { reEncrypt } from "./re-encrypt.ts";
import { disableKeyRotation, enableKeyRotation, getKeyRotationStatus } from "./rotation/automatic-rotation.ts";
import { listKeyRotations } from "./rotation/list-key-rotations.ts";
import { rotateKeyOnDemand } from "./rotation/rotate-key-on-demand.ts";
import { listResourceTags, tagResource, untagResource } from "./tags/tag-operations.ts";
import { configureKey } from "./transit/configure-key.ts";
import {
  transitDataKey,
  transitDataKeyWithoutPlaintext,
  transitDecrypt,
  transitEncrypt,
  transitRewrap,
} from "./transit/crypto-operations.ts";
import { readKey } from "./transit/read-key.ts";

/** A key in a state, with what was made while it was active. */
interface Subject {
  readonly keyId: string;
  readonly alias: string;
  readonly ciphertext: Buffer;
  /** Another key, active. */
  readonly otherId: string;
  readonly otherAlias: string;
  readonly otherCiphertext: Buffer;
}

type Cell = "ok" | ErrorCode;
/** What an operation does in the states active, suspended, pendingDestruction, preActivation. */
type Row = readonly [name: string, run: (t: CoreTest, subject: Subject) => Promise<unknown>, ...cells: Cell[]];

const states: readonly KeyState[] = ["active", "suspended", "pendingDestruction", "preActivation"];
const plaintext = Buffer.from("x");

function on<Input, Output>(
  operation: Operation<Input, Output>,
  input: (subject: Subject) => Input,
): (t: CoreTest, subject: Subject) => Promise<unknown> {
  return (t, subject) => t.run(operation, input(subject));
}

const always: readonly Cell[] = ["ok", "ok", "ok", "ok"];
const living: readonly Cell[] = ["ok", "ok", "KeyStateInvalid", "ok"];
const useOnly: readonly Cell[] = ["ok", "KeyDisabled", "KeyStateInvalid", "KeyStateInvalid"];
const switching: readonly Cell[] = ["ok", "ok", "KeyStateInvalid", "KeyStateInvalid"];
const cancelling: readonly Cell[] = ["KeyStateInvalid", "KeyStateInvalid", "ok", "KeyStateInvalid"];

/** AWS KMS developer guide: key state table, for the operations that there are; then those that AWS does not have. */
const rows: readonly Row[] = [
  ["CancelKeyDeletion", on(cancelKeyDeletion, ({ keyId }) => ({ keyId })), ...cancelling],
  ["CreateAlias", on(createAlias, ({ keyId }) => ({ aliasName: "alias/new", targetKeyId: keyId })), ...living],
  ["Decrypt", on(decrypt, ({ ciphertext }) => ({ ciphertext })), ...useOnly],
  ["Decrypt, key named", on(decrypt, ({ keyId, ciphertext }) => ({ keyId, ciphertext })), ...useOnly],
  ["DeleteAlias", on(deleteAlias, ({ alias }) => ({ aliasName: alias })), ...always],
  ["DescribeKey", on(describeKey, ({ keyId }) => ({ keyId })), ...always],
  ["DisableKey", on(disableKey, ({ keyId }) => ({ keyId })), ...switching],
  ["DisableKeyRotation", on(disableKeyRotation, ({ keyId }) => ({ keyId })), ...useOnly],
  ["EnableKey", on(enableKey, ({ keyId }) => ({ keyId })), ...switching],
  ["EnableKeyRotation", on(enableKeyRotation, ({ keyId }) => ({ keyId })), ...useOnly],
  ["Encrypt", on(encrypt, ({ keyId }) => ({ keyId, plaintext })), ...useOnly],
  ["GenerateDataKey", on(generateDataKey, ({ keyId }) => ({ keyId, dataKeyBytes: 32 })), ...useOnly],
  [
    "GenerateDataKeyWithoutPlaintext",
    on(generateDataKeyWithoutPlaintext, ({ keyId }) => ({ keyId, dataKeyBytes: 32 })),
    ...useOnly,
  ],
  ["GetKeyPolicy", on(getKeyPolicy, ({ keyId }) => ({ keyId })), ...always],
  ["GetKeyRotationStatus", on(getKeyRotationStatus, ({ keyId }) => ({ keyId })), ...always],
  ["ListAliases", on(listAliases, ({ keyId }) => ({ keyId })), ...always],
  ["ListKeyPolicies", on(listKeyPolicies, ({ keyId }) => ({ keyId })), ...always],
  ["ListKeyRotations", on(listKeyRotations, ({ keyId }) => ({ keyId })), ...always],
  ["ListResourceTags", on(listResourceTags, ({ keyId }) => ({ keyId })), ...always],
  [
    "PutKeyPolicy",
    async (t, { keyId }) => {
      const { policy } = await t.run(getKeyPolicy, { keyId });
      await t.run(putKeyPolicy, { keyId, policy });
    },
    ...always,
  ],
  [
    "ReEncrypt, source",
    on(reEncrypt, ({ ciphertext, otherId }) => ({ ciphertext, destinationKeyId: otherId })),
    ...useOnly,
  ],
  [
    "ReEncrypt, destination",
    on(reEncrypt, ({ otherCiphertext, keyId }) => ({ ciphertext: otherCiphertext, destinationKeyId: keyId })),
    ...useOnly,
  ],
  ["RotateKeyOnDemand", on(rotateKeyOnDemand, ({ keyId }) => ({ keyId, limited: true })), ...useOnly],
  ["ScheduleKeyDeletion", on(scheduleKeyDeletion, ({ keyId }) => ({ keyId })), ...living],
  ["TagResource", on(tagResource, ({ keyId }) => ({ keyId, tags: [{ key: "a", value: "b" }] })), ...living],
  ["UntagResource", on(untagResource, ({ keyId }) => ({ keyId, tagKeys: ["a"] })), ...living],
  [
    "UpdateAlias, to the key",
    on(updateAlias, ({ otherAlias, keyId }) => ({ aliasName: otherAlias, targetKeyId: keyId })),
    ...living,
  ],
  [
    "UpdateAlias, away from the key",
    on(updateAlias, ({ alias, otherId }) => ({ aliasName: alias, targetKeyId: otherId })),
    ...always,
  ],
  ["UpdateKeyDescription", on(updateKeyDescription, ({ keyId }) => ({ keyId, description: "x" })), ...living],
  ["RestoreKey", on(restoreKey, ({ keyId }) => ({ keyId })), ...cancelling],
  ["SummarizeKey", on(summarizeKey, ({ keyId }) => ({ keyId })), ...always],
  ["ReadKey", on(readKey, ({ keyId }) => ({ keyId })), ...always],
  ["ConfigureKey", on(configureKey, ({ keyId }) => ({ keyId, transit: {} })), ...living],
  ["Transit encrypt", on(transitEncrypt, ({ keyId }) => ({ keyId, items: [] })), ...useOnly],
  ["Transit decrypt", on(transitDecrypt, ({ keyId }) => ({ keyId, items: [] })), ...useOnly],
  ["Transit rewrap", on(transitRewrap, ({ keyId }) => ({ keyId, items: [] })), ...useOnly],
  ["Transit datakey", on(transitDataKey, ({ keyId }) => ({ keyId, dataKeyBytes: 32 })), ...useOnly],
  [
    "Transit datakey, wrapped",
    on(transitDataKeyWithoutPlaintext, ({ keyId }) => ({ keyId, dataKeyBytes: 32 })),
    ...useOnly,
  ],
];

describe("operations by key state", () => {
  let t: CoreTest;
  let subjects = 0;

  before(async () => {
    t = await CoreTest.open();
  });
  after(async () => {
    assert.deepEqual(t.test.bugs, []);
    await t.close();
  });

  async function makeSubject(state: KeyState): Promise<Subject> {
    subjects += 1;
    const alias = `alias/subject-${subjects}`;
    const otherAlias = `alias/other-${subjects}`;
    const { keyId, region } = await t.newKey({ aliases: [alias] });
    const { keyId: otherId } = await t.newKey({ aliases: [otherAlias] });
    const { ciphertext } = await t.run(encrypt, { keyId, plaintext });
    const { ciphertext: otherCiphertext } = await t.run(encrypt, { keyId: otherId, plaintext });
    if (state === "suspended") await t.run(disableKey, { keyId });
    if (state === "pendingDestruction") await t.run(scheduleKeyDeletion, { keyId });
    if (state === "preActivation") {
      const row = await t.core.store.get("keys", { region, keyId });
      await t.core.commit([{ op: "update", table: "keys", row: { ...row!, state, revision: 2 } }]);
    }
    return { keyId, alias, ciphertext, otherId, otherAlias, otherCiphertext };
  }

  for (const [name, run, ...cells] of rows) {
    it(`${name}: ${cells.join(", ")}`, async () => {
      for (const [index, state] of states.entries()) {
        const subject = await makeSubject(state);
        const got = await run(t, subject).then(
          () => "ok",
          (error: { code?: string }) => error.code,
        );
        assert.equal(got, cells[index], state);
        await t.run(deleteAlias, { aliasName: "alias/new" }).catch(() => {});
      }
    });
  }

  it("a key of another usage does no message", async () => {
    const subject = await makeSubject("active");
    const { keyId } = subject;
    const row = await t.core.store.get("keys", { region: "us-east-1", keyId });
    const usage = "GENERATE_VERIFY_MAC" as KeyUsage;
    await t.core.commit([{ op: "update", table: "keys", row: { ...row!, usage, revision: 2 } }]);
    for (const [name, run, ...cells] of rows) {
      if (cells.join() !== useOnly.join() || /Rotat/.test(name)) continue;
      await assert.rejects(run(t, subject), { message: "KeyUsageMismatch" }, name);
    }
  });

  it("managed keys are refused to whoever would change them, and serve for messages", async () => {
    const { keyId, region } = await t.newKey();
    const row = await t.core.store.get("keys", { region, keyId });
    await t.core.commit([{ op: "update", table: "keys", row: { ...row!, owner: "AWS", revision: 2 } }]);
    await t.run(encrypt, { keyId, plaintext });
    await t.run(describeKey, { keyId });
    for (const [name, run] of rows) {
      const changes =
        /^(?:Disable|Enable|Rotate|Schedule|Tag|Untag|UpdateKey|PutKey|Configure|CreateAlias|UpdateAlias, to)/;
      if (!changes.test(name)) continue;
      const subject = { ...(await makeSubject("active")), keyId };
      await assert.rejects(run(t, subject), { message: "AccessDenied" }, name);
    }
  });
});
