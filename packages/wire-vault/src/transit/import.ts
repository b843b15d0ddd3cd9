import {
  type ForeignMaterial,
  findImportHash,
  importTransitKey,
  importTransitVersion,
  pemOf,
  readWrappingKey,
  ServiceError,
  specOfTransitType,
} from "@coffer/service";
import { base64Problem, decodeBase64 } from "../http/base64.ts";
import type { RouteHandler, VaultCall } from "../http/call.ts";
import { noContent, ok } from "../http/envelope.ts";
import { namedKey } from "./key-name.ts";
import { keyProblem } from "./key-problems.ts";
import { newKeyAttributes } from "./key-type.ts";
import { readOnceSet, readRotatePeriodMs, rotationOf } from "./keys.ts";

function refuse(reason: string): never {
  throw ServiceError.of("InvalidInput", { kind: "validation", reason });
}

/** Vault API: Transit, get wrapping key. */
export const wrappingKeyRoute: RouteHandler = async (call) => {
  const { publicKey } = await call.execute(readWrappingKey, { mount: call.mount! });
  return ok(JSON.stringify({ public_key: pemOf("PUBLIC KEY", publicKey) }));
};

interface ReadMaterial {
  readonly material: ForeignMaterial | undefined;
  /** What is wrong with it. Told only of a key that may be imported. */
  readonly problem?: string;
}

/** The least that can hold a wrapped AES key of RSA-4096, and nothing behind it. */
const wrappedKeyBytes = 512;

function readMaterial({ fields }: VaultCall): ReadMaterial {
  if (fields.raw("ciphertext") === undefined) {
    return { material: { kind: "public", pem: fields.text("public_key") ?? "" } };
  }
  const name = fields.text("hash_function") ?? "SHA256";
  const hash = findImportHash(name);
  if (hash === undefined) return { material: undefined, problem: `unknown hash function: ${name}` };
  const decoded = decodeBase64(fields.text("ciphertext") ?? "");
  if (!decoded.ok) return { material: undefined, problem: base64Problem(decoded.index) };
  const { bytes: ciphertext } = decoded;
  if (ciphertext.length <= wrappedKeyBytes) {
    return { material: undefined, problem: "provided ciphertext is too short" };
  }
  return { material: { kind: "wrapped", hash, ciphertext } };
}

/** Vault API: Transit, import key. */
export const importRoute: RouteHandler = async (call) => {
  const { fields } = call;
  const key = namedKey(call);
  if (fields.raw("convergent_encryption") !== undefined) {
    refuse("import cannot be used on keys with convergent encryption enabled");
  }
  const periodMs = readRotatePeriodMs(call) ?? 0;
  const allowsImportedRotation = fields.boolean("allow_rotation") ?? false;
  if (periodMs > 0 && !allowsImportedRotation) {
    refuse("allow_rotation must be set to true if auto-rotation is enabled");
  }
  const named = fields.text("type") ?? "aes256-gcm96";
  const row = specOfTransitType(named.toLowerCase()) ?? refuse(`unknown key type: ${named}`);
  const derived = fields.boolean("derived") ?? false;
  const transit = {
    ...newKeyAttributes(row, { derived, convergent: false }),
    ...readOnceSet(call),
    ...(allowsImportedRotation ? { allowsImportedRotation } : {}),
  };
  const rotation = rotationOf(call, periodMs);
  const type = named.toLowerCase();
  const input = { mount: call.mount!, alias: key.alias, type, ...readMaterial(call), transit, rotation };
  await call.execute(importTransitKey, input);
  return noContent;
};

/** Vault API: Transit, import key version. */
export const importVersionRoute: RouteHandler = async (call) => {
  const key = namedKey(call);
  const version = call.fields.integer("version");
  try {
    await call.execute(importTransitVersion, { keyId: key.alias, mount: call.mount!, ...readMaterial(call), version });
  } catch (error) {
    throw keyProblem(error, key, `no key found with name ${key.name}; to import a new key, use the import/ endpoint`);
  }
  return noContent;
};
