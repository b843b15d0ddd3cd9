import {
  createCertificateRequest,
  emptyRequestTemplate,
  type RequestTemplate,
  readCertificate,
  readRequestTemplate,
} from "@coffer/crypto";
import { ServiceError } from "../../errors.ts";
import type { KeyEntry } from "../../keys/key-entry.ts";
import { limits } from "../../limits.ts";
import { type KeyVersionRecord, materialRegion } from "../../model/key.ts";
import { type Call, defineOperation } from "../../pipeline/operation.ts";
import { updateKey } from "../keys/update.ts";
import { activeOnly, type KeyInput, livingStates, namedKey } from "../shared.ts";
import { pemOf, readPemBlocks } from "./pem.ts";
import { checkUse, transitTypeOf } from "./uses.ts";

function refuse(reason: string): never {
  throw ServiceError.of("InvalidInput", { kind: "validation", reason });
}

/** @throws ServiceError InvalidInput unless versions of the key have key pairs of their own that sign */
function checkSigns(key: KeyEntry): string {
  const { type, signing } = transitTypeOf(key);
  if (!signing) refuse(`key type '${type}' does not support signing`);
  if (key.record.transit.kdf !== undefined) refuse("operation not supported for keys with derivation enabled");
  return type;
}

function checkVersion({ record }: KeyEntry, version: number, doing: string): void {
  const { currentVersion, transit } = record;
  if (version < transit.minDecryptionVersion || version > currentVersion) refuse(`${doing}: no such key version`);
}

export interface RequestCertificateInput extends KeyInput {
  /** The latest when absent. */
  readonly version?: number | undefined;
  /** PEM of a certification request whose name and attributes are taken over; empty for none. */
  readonly template: string;
}

export interface RequestCertificateOutput {
  /** Vault's name of the key's type. */
  readonly type: string;
  /** PEM. */
  readonly request: string;
}

function templateOf(pem: string): RequestTemplate {
  if (pem === "") return emptyRequestTemplate;
  const [block] = readPemBlocks(pem) ?? [];
  if (block === undefined) refuse("could not decode PEM CSR");
  return readRequestTemplate(block.der) ?? refuse("the CSR is no certification request");
}

/**
 * OpenBao API: Transit, sign CSR with key: a certification request for the key, signed by it.
 *
 * @throws ServiceError InvalidInput, KeyUsageMismatch
 */
export const requestCertificate = defineOperation<RequestCertificateInput, RequestCertificateOutput>({
  // It is a signature, and counts as one.
  name: "Sign",
  plane: "data",
  readOnly: true,
  keys: [namedKey("kms:Sign", activeOnly)],
  record: ({ keyId, version }) => ({ keyId, version, certificateRequest: true }),
  async run({ keys, input }) {
    const key = keys[0]!;
    const type = checkSigns(key);
    checkUse(key, "sign", "Sign");
    const template = templateOf(input.template);
    const doing = "could not create the csr";
    const version = input.version ?? key.record.currentVersion;
    checkVersion(key, version, doing);
    const material = await key.material(version);
    if (material === undefined) refuse(`${doing}: private key not imported for key version selected`);
    const request = await createCertificateRequest(material, template);
    if (request === undefined) refuse(`${doing}: keys of type '${type}' have none`);
    return { type, request: pemOf("CERTIFICATE REQUEST", request) };
  },
});

export interface SetCertificatesInput extends KeyInput {
  /** The latest when absent. */
  readonly version?: number | undefined;
  /** PEM: the key's own certificate, then those of the authorities above it. Untrusted. */
  readonly chain: string;
}

const certificateLabels: ReadonlySet<string> = new Set(["CERTIFICATE", "X509 CERTIFICATE"]);

/** The certificates of a chain, DER. @throws ServiceError InvalidInput */
function readChain(pem: string): readonly Buffer[] {
  const blocks = readPemBlocks(pem) ?? refuse("could not decode a PEM block in the certificate chain");
  const certificates = blocks.filter(({ label }) => certificateLabels.has(label)).map(({ der }) => der);
  if (certificates.length === 0) {
    refuse("provided certificate chain did not contain any valid PEM encoded certificate");
  }
  const max = limits.keyCertificates.value;
  if (certificates.length > max)
    refuse(`the certificate chain has ${certificates.length} certificates; at most ${max}`);
  return certificates;
}

/** What Go calls the algorithms of certificates' keys, by Node's name of the type. */
const algorithmNames: ReadonlyMap<string | undefined, string> = new Map([
  ["rsa", "RSA"],
  ["ec", "ECDSA"],
  ["ed25519", "Ed25519"],
  ["dsa", "DSA"],
]);

const persisting = "failed to persist certificate chain";

/** In the words of OpenBao (sdk/helper/keysutil/policy.go: `PersistCertificateChain`). */
function checkChain(certificates: readonly Buffer[], publicKey: Parameters<typeof algorithmOf>[0], type: string): void {
  const facts = certificates.map(
    (der) => readCertificate(der) ?? refuse("could not parse a certificate in the certificate chain"),
  );
  const [leaf, ...others] = facts;
  if (leaf!.isAuthority) refuse(`${persisting}: certificate in the first element is not a valid leaf certificate`);
  if (others.at(-1)?.isAuthority === false) {
    refuse(`${persisting}: certificate in the last element is not a valid CA certificate`);
  }
  if (others.some(({ isAuthority }) => !isAuthority)) {
    refuse(`${persisting}: could not validate if there is only one leaf certificate in the provided chain`);
  }
  if (leaf!.publicKey.asymmetricKeyType !== publicKey.asymmetricKeyType) {
    const algorithm = algorithmOf(leaf!.publicKey);
    refuse(
      `${persisting}: could not validate key match between leaf certificate key and key entry in transit: provided leaf certificate public key algorithm '${algorithm}' does not match the transit key type '${type}'`,
    );
  }
  if (!leaf!.publicKey.equals(publicKey)) {
    refuse(`${persisting}: leaf certificate public key does not match the selected key version`);
  }
}

function algorithmOf(key: NonNullable<Awaited<ReturnType<KeyEntry["publicKey"]>>>): string {
  return algorithmNames.get(key.asymmetricKeyType) ?? "0";
}

/**
 * OpenBao API: Transit, set certificate chain. The first certificate is for the key's own public key; nobody's signature is
 * checked, as there is nothing here to trust.
 *
 * @throws ServiceError InvalidInput
 */
export const setCertificates = defineOperation<SetCertificatesInput, { readonly type: string }>({
  name: "SetCertificateChain",
  plane: "control",
  readOnly: false,
  keys: [namedKey("kms:ConfigureKey", livingStates, { customerOnly: true })],
  record: ({ keyId, version }) => ({ keyId, version }),
  async run(call) {
    const key = call.keys[0]!;
    const type = checkSigns(key);
    const version = call.input.version ?? key.record.currentVersion;
    const certificates = readChain(call.input.chain);
    checkVersion(key, version, persisting);
    const publicKey = await key.publicKey(version);
    if (publicKey === undefined) refuse(`${persisting}: no such key version`);
    checkChain(certificates, publicKey, type);
    const certificateChain = certificates
      .map((der) => pemOf("CERTIFICATE", der))
      .join("")
      .trimEnd();
    await store(call, version, certificateChain);
    return { type };
  },
});

async function store(
  { core, keys }: Call<SetCertificatesInput>,
  version: number,
  certificateChain: string,
): Promise<void> {
  const { record } = keys[0]!;
  const place = { region: materialRegion(record), keyId: record.keyId, version };
  const stored = await core.store.get("keyVersions", place);
  if (stored === undefined) refuse(`${persisting}: no such key version`);
  const row: KeyVersionRecord = { ...stored, certificateChain, revision: stored.revision + 1 };
  await updateKey(core, record, {}, { writes: [{ op: "update", table: "keyVersions", row }] });
}
