import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import fc from "fast-check";
import { ServiceError } from "../../../errors.ts";
import { parseBigJson } from "./parse-big-json.ts";
import { readBackup, wipeVersions } from "./read-backup.ts";

interface Recorded {
  readonly name: string;
  readonly versions: number;
  readonly backup: string;
}

const file = new URL("../../../../../../vectors/openbao/backups.json", import.meta.url);
const { keys } = JSON.parse(readFileSync(file, "utf8")) as { keys: readonly Recorded[] };
const jsonOf = ({ backup }: Recorded) => Buffer.from(backup, "base64");

/** Reads what may be no backup. @throws anything but a refusal */
function readsOrRefuses(json: Buffer): boolean {
  try {
    wipeVersions(readBackup(json).versions);
    return true;
  } catch (error) {
    if (error instanceof ServiceError && (error.code === "InvalidInput" || error.code === "Unsupported")) return false;
    throw error;
  }
}

describe("Backups of Transit keys", () => {
  for (const key of keys) {
    it(`are read of OpenBao: ${key.name}`, () => {
      const { name, latestVersion, versions } = readBackup(jsonOf(key));
      assert.deepEqual([name, latestVersion, versions.length], [key.name, key.versions, key.versions]);
      wipeVersions(versions);
    });
  }

  it("are read or refused, whatever became of their bytes", () => {
    const quick = keys.filter(({ name }) => /^(aes|ed25519|ecdsa-p256|hmac)/.test(name));
    fc.assert(
      fc.property(fc.constantFrom(...quick), fc.nat(), fc.integer({ min: 32, max: 126 }), (key, at, byte) => {
        const json = jsonOf(key);
        json[at % json.length] = byte;
        readsOrRefuses(json);
      }),
      { numRuns: 300 },
    );
  });

  it("are read or refused, whatever one of their values is", () => {
    const values = fc.constantFrom(
      "null",
      '""',
      "0",
      "-1",
      "1",
      "[]",
      "{}",
      "true",
      '"x"',
      "1e400",
      "123456789012345678901",
    );
    const members = ["policy", "keys", "1", "key", "hmac_key", "time", "ec_x", "public_key", "creation_time", "type"];
    const more = [
      "latest_version",
      "min_decryption_version",
      "archived_keys",
      "auto_rotate_period",
      "certificate_chain",
    ];
    const member = fc.constantFrom(...members, ...more, "backup_info", "kdf", "derived", "key_size", "name");
    const base = jsonOf(keys.find(({ name }) => name === "ecdsa-p256")!).toString();
    fc.assert(
      fc.property(member, values, (name, value) => {
        readsOrRefuses(Buffer.from(base.replace(`"${name}":`, `"${name}":${value},"before":`)));
      }),
      { numRuns: 300 },
    );
  });

  it("keep integers of any length, and nothing that takes for ever", () => {
    const digits = "9".repeat(700);
    assert.deepEqual(parseBigJson(`{"a":${digits},"b":1,"c":1.5,"d":"${digits}"}`), {
      a: BigInt(digits),
      b: 1,
      c: 1.5,
      d: digits,
    });
    assert.equal(parseBigJson(`[${"9".repeat(6000)}]`), undefined);
    assert.equal(parseBigJson("[".repeat(200_000)), undefined);
    assert.equal(parseBigJson(""), undefined);
  });
});
