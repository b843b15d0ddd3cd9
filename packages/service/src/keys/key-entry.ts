import type { KeyObject } from "node:crypto";
import {
  deriveTransitHmacKey,
  findKeySpec,
  findTransitType,
  type KeySpecRow,
  loadPublicKey,
  publicKeyOf,
} from "@coffer/crypto";
import type { CompiledPolicy } from "@coffer/policy";
import { parsePolicy } from "@coffer/policy";
import { invariant, ServiceError } from "../errors.ts";
import type { Keyring } from "../keyring/keyring.ts";
import { limits } from "../limits.ts";
import { keyArn } from "../model/arn.ts";
import { type KeyRecord, materialRegion } from "../model/key.ts";
import type { Store } from "../ports/store.ts";
import { BoundedCache } from "./bounded-cache.ts";
import { hmacKeyIdentity, keyVersionIdentity } from "./identity.ts";
import { currentMaterialId, generatedMaterialId } from "./material-id.ts";
import { isSymmetricEncryption } from "./symmetric.ts";

/** A key as operations see it: its record, its compiled policy, and its material by version. */
export class KeyEntry {
  readonly record: KeyRecord;
  readonly arn: string;
  readonly policy: CompiledPolicy;
  /** What the key's spec and usage allow, by AWS KMS's names. */
  readonly algorithms: readonly string[];
  /** Names of the key's aliases, with their prefix. Any change of them changes the key's revision, too. */
  readonly aliases: readonly string[];
  readonly #spec: KeySpecRow;
  readonly #store: Store;
  readonly #keyring: Keyring;
  readonly #materials = new BoundedCache<number, KeyObject>(limits.cachedVersionsPerKey.value);
  readonly #hmacKeys = new BoundedCache<number, KeyObject>(limits.cachedVersionsPerKey.value);
  /** Of versions that have no private key. */
  readonly #publicKeys = new BoundedCache<number, KeyObject>(limits.cachedVersionsPerKey.value);
  readonly #importedIds = new BoundedCache<number, string>(limits.cachedVersionsPerKey.value);
  #current: KeyObject | undefined;
  #currentMaterialId: string | undefined;

  constructor(record: KeyRecord, aliases: readonly string[], store: Store, keyring: Keyring) {
    this.record = record;
    this.aliases = aliases;
    this.arn = keyArn(record.region, record.account, record.keyId);
    const spec = findKeySpec(record.spec);
    invariant(spec !== undefined, "a stored key has a known spec");
    this.#spec = spec;
    this.algorithms = spec.algorithms.get(record.usage) ?? [];
    const parsed = parsePolicy(record.policy, "key", record.policyPrincipals);
    invariant(parsed.ok, "a stored key policy parses");
    this.policy = parsed.policy;
    this.#store = store;
    this.#keyring = keyring;
  }

  /** The public id of a version's material (AWS KMS: `KeyMaterialId`); of an imported one once it was loaded. */
  materialId(version: number): string {
    const { currentVersion, origin } = this.record;
    if (version === currentVersion) {
      this.#currentMaterialId ??= currentMaterialId(this.record);
      return this.#currentMaterialId;
    }
    if (origin !== "EXTERNAL") return generatedMaterialId(this.record, version);
    const id = this.#importedIds.get(version);
    invariant(id !== undefined, "imported material is loaded before its id is asked for");
    return id;
  }

  /** The material of the newest version when it is in memory: the hot path. */
  get cachedCurrentMaterial(): KeyObject | undefined {
    return this.#current;
  }

  /** The material of a version when it is in memory. */
  cachedMaterial(version: number): KeyObject | undefined {
    return version === this.record.currentVersion ? this.#current : this.#materials.get(version);
  }

  /**
   * The material of a version, unwrapped when it is not in memory.
   *
   * @returns undefined when there is no such version, its imported material is gone, or it is a public key alone
   */
  async material(version: number): Promise<KeyObject | undefined> {
    const cached = this.cachedMaterial(version);
    if (cached !== undefined) return cached;
    const { keyId } = this.record;
    const region = materialRegion(this.record);
    const stored = await this.#store.get("keyVersions", { region, keyId, version });
    if (stored === undefined || stored.wrappedMaterial.byteLength === 0) return undefined;
    using secret = this.#keyring.unwrap(
      { wrappingKeyId: stored.wrappingKeyId, wrapped: stored.wrappedMaterial },
      keyVersionIdentity(stored),
    );
    const material = this.#spec.load(secret) ?? secret.use(loadPublicKey);
    invariant(material !== undefined, "stored material is of its key's spec");
    if (material.type === "public") {
      this.#publicKeys.set(version, material);
      return undefined;
    }
    if (this.record.origin === "EXTERNAL") this.#importedIds.set(version, stored.materialId);
    if (version === this.record.currentVersion) this.#current = material;
    else this.#materials.set(version, material);
    return material;
  }

  /**
   * The key that Transit makes HMACs with under a version: the material of an HMAC key, else the one that came with the
   * material, else one that is derived of it.
   *
   * @returns undefined when there is no such version
   */
  async hmacKey(version: number): Promise<KeyObject | undefined> {
    const cached = this.#hmacKeys.get(version);
    if (cached !== undefined) return cached;
    const material = await this.material(version);
    const isMaterial = findTransitType(this.record.spec)?.hmac === "material";
    const key = isMaterial ? material : await this.#ownHmacKey(version, material);
    if (key !== undefined) this.#hmacKeys.set(version, key);
    return key;
  }

  async #ownHmacKey(version: number, material: KeyObject | undefined): Promise<KeyObject | undefined> {
    const { keyId } = this.record;
    const stored = await this.#store.get("keyVersions", { region: materialRegion(this.record), keyId, version });
    if (stored?.wrappedHmacKey === undefined) return material && deriveTransitHmacKey(material);
    const wrapped = { wrappingKeyId: stored.wrappingKeyId, wrapped: stored.wrappedHmacKey };
    using secret = this.#keyring.unwrap(wrapped, hmacKeyIdentity(stored));
    return secret.toKeyObject();
  }

  /** Whether this is a key of AES, with which encryption context, data keys and automatic rotation go. */
  get isSymmetricEncryption(): boolean {
    return isSymmetricEncryption(this.record);
  }

  /** Whether there is a public key to give out. */
  get isPair(): boolean {
    return this.#spec.kind === "pair";
  }

  /** The public key of a version of a pair, which may have been imported without its private key. */
  async publicKey(version: number): Promise<KeyObject | undefined> {
    invariant(this.isPair, "only a pair has a public key");
    const alone = this.#publicKeys.get(version);
    if (alone !== undefined) return alone;
    const material = await this.material(version);
    return material === undefined ? this.#publicKeys.get(version) : publicKeyOf(material);
  }

  /** The public key of the newest version of a pair. @throws ServiceError KeyUnavailable when its row is gone */
  async currentPublicKey(): Promise<KeyObject> {
    const publicKey = await this.publicKey(this.record.currentVersion);
    if (publicKey === undefined) throw ServiceError.of("KeyUnavailable", { keyArn: this.arn });
    return publicKey;
  }

  /** The material of the newest version. @throws ServiceError KeyUnavailable when its row is gone */
  async currentMaterial(): Promise<KeyObject> {
    const material = await this.material(this.record.currentVersion);
    if (material === undefined) throw ServiceError.of("KeyUnavailable", { keyArn: this.arn });
    return material;
  }
}
