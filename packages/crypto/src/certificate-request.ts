import { type KeyObject, sign } from "node:crypto";
import { promisify } from "node:util";
import { derTags, encodeDer, encodeDerInteger, readDer, readDerValues } from "./der-values.ts";
import { encodePublicKey, publicKeyOf } from "./public-key.ts";

/** What a certification request asks for, beside its key: both DER, as they came. */
export interface RequestTemplate {
  /** A Name. */
  readonly subject: Buffer;
  /** Attributes with their tag, such as the wanted extensions. */
  readonly attributes: Buffer;
}

interface SignatureRow {
  /** Undefined where the algorithm hashes itself. */
  readonly hash: string | undefined;
  /** AlgorithmIdentifier, DER. */
  readonly identifier: Buffer;
}

function algorithm(hash: string | undefined, oidHex: string, parameters: Buffer = Buffer.alloc(0)): SignatureRow {
  const oid = encodeDer(derTags.oid, Buffer.from(oidHex, "hex"));
  return { hash, identifier: encodeDer(derTags.sequence, oid, parameters) };
}

/** By OpenSSL's name of the curve, else of the type (RFC 4055, 5758, 8410, 9881). */
const algorithms: ReadonlyMap<string, SignatureRow> = new Map([
  ["rsa", algorithm("sha256", "2a864886f70d01010b", encodeDer(derTags.null))],
  ["prime256v1", algorithm("sha256", "2a8648ce3d040302")],
  ["secp384r1", algorithm("sha384", "2a8648ce3d040303")],
  ["secp521r1", algorithm("sha512", "2a8648ce3d040304")],
  ["ed25519", algorithm(undefined, "2b6570")],
  ["ml-dsa-44", algorithm(undefined, "608648016503040311")],
  ["ml-dsa-65", algorithm(undefined, "608648016503040312")],
  ["ml-dsa-87", algorithm(undefined, "608648016503040313")],
]);

/** Nothing in particular: an empty name, and no attributes. */
export const emptyRequestTemplate: RequestTemplate = {
  subject: encodeDer(derTags.sequence),
  attributes: encodeDer(derTags.context0),
};

/**
 * What an untrusted certification request (RFC 2986, DER) asks for. Its key and signature are not looked at.
 *
 * @returns undefined when it is none
 */
export function readRequestTemplate(der: Buffer): RequestTemplate | undefined {
  const request = readDer(der);
  if (request?.tag !== derTags.sequence || request.rest.length > 0) return undefined;
  const parts = readDerValues(request.content);
  if (parts?.length !== 3 || parts[0]!.tag !== derTags.sequence || parts[2]!.tag !== derTags.bitString)
    return undefined;
  const info = readDerValues(parts[0]!.content);
  const [version, subject, publicKey, attributes] = info ?? [];
  const isRequest =
    info !== undefined &&
    info.length >= 3 &&
    info.length <= 4 &&
    version?.tag === derTags.integer &&
    subject?.tag === derTags.sequence &&
    publicKey?.tag === derTags.sequence &&
    (attributes === undefined || attributes.tag === derTags.context0);
  if (!isRequest) return undefined;
  return { subject: subject.whole, attributes: attributes?.whole ?? emptyRequestTemplate.attributes };
}

const signAsync = promisify(sign);

/**
 * A certification request (PKCS #10, RFC 2986) for a key, signed by it, as DER.
 *
 * @returns undefined for keys that sign no certification requests
 */
export async function createCertificateRequest(
  privateKey: KeyObject,
  { subject, attributes }: RequestTemplate,
): Promise<Buffer | undefined> {
  const { asymmetricKeyType, asymmetricKeyDetails } = privateKey;
  const row = algorithms.get(asymmetricKeyDetails?.namedCurve ?? asymmetricKeyType ?? "");
  if (row === undefined) return undefined;
  const publicKey = encodePublicKey(publicKeyOf(privateKey));
  const info = encodeDer(derTags.sequence, encodeDerInteger(0n), subject, publicKey, attributes);
  const signature = await signAsync(row.hash, info, privateKey);
  const noUnusedBits = Buffer.of(0);
  return encodeDer(derTags.sequence, info, row.identifier, encodeDer(derTags.bitString, noUnusedBits, signature));
}
