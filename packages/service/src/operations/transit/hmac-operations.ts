import { hmacWith, type TransitHash, timingSafeEqualBytes } from "@coffer/crypto";
import { defineOperation } from "../../pipeline/operation.ts";
import { activeOnly, namedKey } from "../shared.ts";
import type { TransitBatch } from "./crypto-operations.ts";
import { madeVersion, type TransitSigningResult, wantedVersion } from "./sign-operations.ts";
import { checkUse } from "./uses.ts";

export interface TransitHmacInput extends TransitBatch<Uint8Array> {
  readonly hash: TransitHash;
  /** 0 or absent: the latest. */
  readonly keyVersion?: number | undefined;
}

export interface TransitHmac {
  readonly mac: Buffer;
  readonly keyVersion: number;
}

function recordHmac({ keyId, items, hash }: TransitBatch<unknown> & { readonly hash: TransitHash }) {
  return { keyId, items: items.length, hash: hash.opensslName };
}

/** Vault API: Transit, generate HMAC. */
export const transitHmac = defineOperation<
  TransitHmacInput,
  { readonly latestVersion: number; readonly results: readonly TransitSigningResult<TransitHmac>[] }
>({
  name: "GenerateMac",
  plane: "data",
  readOnly: true,
  keys: [namedKey("kms:GenerateMac", activeOnly)],
  record: recordHmac,
  async run({ keys, input }) {
    const key = keys[0]!;
    checkUse(key, "hmac", "GenerateMac");
    const version = wantedVersion(key, input.keyVersion);
    const hmacKey = typeof version === "number" ? await key.hmacKey(version) : undefined;
    return {
      latestVersion: key.record.currentVersion,
      results: input.items.map((message): TransitSigningResult<TransitHmac> => {
        if (typeof version !== "number") return { ok: false, failure: version };
        if (hmacKey === undefined) return { ok: false, failure: "versionUnknown" };
        return { ok: true, value: { mac: hmacWith(input.hash.opensslName, hmacKey, message), keyVersion: version } };
      }),
    };
  },
});

export interface TransitVerifyHmacItem {
  readonly input: Uint8Array;
  readonly keyVersion: number;
  readonly mac: Uint8Array;
}

/** Vault API: Transit, verify signed data, with an HMAC. */
export const transitVerifyHmac = defineOperation<
  TransitBatch<TransitVerifyHmacItem> & { readonly hash: TransitHash },
  { readonly results: readonly TransitSigningResult<boolean>[] }
>({
  name: "VerifyMac",
  plane: "data",
  readOnly: true,
  keys: [namedKey("kms:VerifyMac", activeOnly)],
  record: recordHmac,
  async run({ keys, input }) {
    const key = keys[0]!;
    checkUse(key, "hmac", "VerifyMac");
    const results: TransitSigningResult<boolean>[] = [];
    for (const item of input.items) {
      const version = madeVersion(key, item.keyVersion);
      if (typeof version !== "number") {
        results.push({ ok: false, failure: version });
        continue;
      }
      const hmacKey = await key.hmacKey(version);
      if (hmacKey === undefined) results.push({ ok: false, failure: "versionUnknown" });
      else {
        const mac = hmacWith(input.hash.opensslName, hmacKey, item.input);
        results.push({ ok: true, value: timingSafeEqualBytes(mac, item.mac) });
      }
    }
    return { results };
  },
});
