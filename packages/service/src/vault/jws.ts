import { constants, createPublicKey, type KeyObject, verify } from "node:crypto";
import { parseStrictJson } from "@coffer/policy";
import { limits } from "../limits.ts";

/** A key that signs tokens. */
export interface JwtKey {
  readonly key: KeyObject;
  /** `kid`; absent where it has none. */
  readonly id?: string;
  /** `alg`; absent where it may be used with any that it fits. */
  readonly algorithm?: string;
}

/** A token in parts; nothing of it is trusted yet. */
export interface ParsedJws {
  readonly algorithm: string;
  readonly keyId: string | undefined;
  readonly claims: Readonly<Record<string, unknown>>;
  /** What was signed. */
  readonly signed: Buffer;
  readonly signature: Buffer;
}

interface Algorithm {
  readonly fits: (key: KeyObject) => boolean;
  readonly verify: (signed: Buffer, signature: Buffer, key: KeyObject) => boolean;
}

const minRsaBits = 2048;

function rsa(hash: string, padding: number): Algorithm {
  return {
    fits: (key) => key.asymmetricKeyType === "rsa" && (key.asymmetricKeyDetails?.modulusLength ?? 0) >= minRsaBits,
    // OpenSSL takes a PSS signature whose leading zero bytes are left out; RFC 8017 section 8.1.2 step 1 does not.
    verify: (signed, signature, key) =>
      signature.length === Math.ceil((key.asymmetricKeyDetails?.modulusLength ?? 0) / 8) &&
      verify(hash, signed, { key, padding, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }, signature),
  };
}

function ecdsa(hash: string, curve: string): Algorithm {
  return {
    fits: (key) => key.asymmetricKeyType === "ec" && key.asymmetricKeyDetails?.namedCurve === curve,
    verify: (signed, signature, key) => verify(hash, signed, { key, dsaEncoding: "ieee-p1363" }, signature),
  };
}

const { RSA_PKCS1_PADDING: pkcs1, RSA_PKCS1_PSS_PADDING: pss } = constants;

/**
 * Signatures of tokens that are accepted (RFC 7518 section 3.1, RFC 8037). `none` and those with a shared secret are not
 * among them: a public key would be the secret.
 */
const algorithms: ReadonlyMap<string, Algorithm> = new Map([
  ["RS256", rsa("sha256", pkcs1)],
  ["RS384", rsa("sha384", pkcs1)],
  ["RS512", rsa("sha512", pkcs1)],
  ["PS256", rsa("sha256", pss)],
  ["PS384", rsa("sha384", pss)],
  ["PS512", rsa("sha512", pss)],
  ["ES256", ecdsa("sha256", "prime256v1")],
  ["ES384", ecdsa("sha384", "secp384r1")],
  ["ES512", ecdsa("sha512", "secp521r1")],
  [
    "EdDSA",
    {
      fits: (key) => key.asymmetricKeyType === "ed25519",
      verify: (signed, signature, key) => verify(null, signed, key, signature),
    },
  ],
]);

/** Whether tokens may be signed so. */
export function isJwsAlgorithm(name: string): boolean {
  return algorithms.has(name);
}

const base64url = /^[A-Za-z0-9_-]*$/;

function decodePart(text: string): Buffer | undefined {
  return base64url.test(text) ? Buffer.from(text, "base64url") : undefined;
}

function parseObject(bytes: Buffer | undefined): Readonly<Record<string, unknown>> | undefined {
  if (bytes === undefined) return undefined;
  const parsed = parseStrictJson(bytes.toString("utf8"), { maxDepth: limits.jsonDepth.value });
  if (!parsed.ok || parsed.value === null || typeof parsed.value !== "object" || Array.isArray(parsed.value)) {
    return undefined;
  }
  return parsed.value as Readonly<Record<string, unknown>>;
}

/** The parts of a JSON Web Token in compact form (RFC 7515 section 7.1); undefined when it is none, or is too long. */
export function parseJws(token: string): ParsedJws | undefined {
  if (token.length > limits.jwtChars.value) return undefined;
  const [protectedText, payloadText, signatureText, ...more] = token.split(".");
  if (protectedText === undefined || payloadText === undefined || signatureText === undefined) return undefined;
  const header = parseObject(decodePart(protectedText));
  const claims = parseObject(decodePart(payloadText));
  const signature = decodePart(signatureText);
  if (more.length > 0 || header === undefined || claims === undefined || signature === undefined) return undefined;
  const { alg, kid, crit, b64 } = header;
  // What is critical and not understood must be refused (RFC 7515 section 4.1.11).
  if (typeof alg !== "string" || crit !== undefined || b64 !== undefined) return undefined;
  const keyId = typeof kid === "string" && kid !== "" ? kid : undefined;
  return { algorithm: alg, keyId, claims, signed: Buffer.from(`${protectedText}.${payloadText}`), signature };
}

/** Whether one of the keys made the token's signature. */
export function isSignedBy(token: ParsedJws, keys: readonly JwtKey[]): boolean {
  const algorithm = algorithms.get(token.algorithm);
  if (algorithm === undefined) return false;
  return keys.some(({ key, algorithm: only }) => {
    if ((only !== undefined && only !== token.algorithm) || !algorithm.fits(key)) return false;
    return algorithm.verify(token.signed, token.signature, key);
  });
}

/** The public key of a PEM text, also of a certificate; undefined when there is none. */
export function parsePublicKeyPem(pem: string): JwtKey | undefined {
  if (!/-----BEGIN (?:RSA |EC )?(?:PUBLIC KEY|CERTIFICATE)-----/.test(pem)) return undefined;
  try {
    return { key: createPublicKey(pem) };
  } catch {
    return undefined;
  }
}

/** The keys of a JSON Web Key Set (RFC 7517) that sign; undefined when it is none. Keys that cannot be used are left out. */
export function parseJwks(text: string): readonly JwtKey[] | undefined {
  const set = parseObject(Buffer.from(text));
  const members = set?.["keys"];
  if (!Array.isArray(members)) return undefined;
  return members.slice(0, limits.jwksKeys.value).flatMap((member: unknown) => parseJwk(member) ?? []);
}

const privateMembers = ["d", "k"];

function parseJwk(member: unknown): JwtKey | undefined {
  if (member === null || typeof member !== "object" || privateMembers.some((name) => name in member)) return undefined;
  const { use, kid, alg } = member as { readonly use?: unknown; readonly kid?: unknown; readonly alg?: unknown };
  if (use !== undefined && use !== "sig") return undefined;
  try {
    return {
      key: createPublicKey({ format: "jwk", key: member as Record<string, string> }),
      ...(typeof kid === "string" ? { id: kid } : {}),
      ...(typeof alg === "string" ? { algorithm: alg } : {}),
    };
  } catch {
    return undefined;
  }
}
