import { generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { encodeCbor } from "./encode.ts";
import { makeTestCertificate, type TestCertificate, type TestCertificateFields } from "./test-certificate.ts";

/** How a document differs from a sound one of an enclave. */
export interface DocumentChanges {
  /** Members of the payload by name; undefined takes one away. */
  readonly payload?: Readonly<Record<string, unknown>>;
  /** The whole payload, instead. */
  readonly rawPayload?: Uint8Array;
  readonly protectedHeader?: unknown;
  readonly unprotected?: unknown;
  readonly tagged?: boolean;
  /** Changes the parts of the COSE message after they were signed. */
  readonly tamper?: (parts: unknown[]) => unknown;
  /** The certificate that signs, instead of the enclave's. */
  readonly signer?: TestCertificate;
}

export type HardwareChanges = Readonly<
  Partial<Record<"root" | "intermediate" | "enclave", Partial<TestCertificateFields>>>
>;

const dayMs = 86_400_000;
const keyCertSign = 0x04;
const digitalSignature = 0x80;

/** Nitro hardware of a test: a PKI of its own, which makes attestation documents, and an enclave with an RSA key. */
export class NitroHardware {
  readonly root: TestCertificate;
  readonly intermediate: TestCertificate;
  readonly enclave: TestCertificate;
  /** The enclave's own RSA key pair. */
  readonly privateKey: KeyObject;
  /** DER of its public key. */
  readonly publicKey: Buffer;

  /** @param nowMs the certificates are valid a day before and after it */
  constructor(nowMs: number, changes: HardwareChanges = {}) {
    const validity = { notBeforeMs: nowMs - dayMs, notAfterMs: nowMs + dayMs };
    const authority = { ...validity, isCa: true, keyUsage: keyCertSign };
    this.root = makeTestCertificate({ ...authority, name: "root", ...changes.root });
    this.intermediate = makeTestCertificate({
      ...authority,
      name: "instance",
      issuer: this.root,
      maxPathLength: 0,
      ...changes.intermediate,
    });
    this.enclave = makeTestCertificate({
      ...validity,
      name: "enclave",
      issuer: this.intermediate,
      isCa: false,
      keyUsage: digitalSignature,
      ...changes.enclave,
    });
    const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    this.privateKey = privateKey;
    this.publicKey = publicKey.export({ type: "spki", format: "der" });
  }

  /** PEM of the root, as an operator trusts it. */
  get rootPem(): string {
    return `-----BEGIN CERTIFICATE-----\n${this.root.der.toString("base64")}\n-----END CERTIFICATE-----\n`;
  }

  /** The register of an index, 48 bytes. */
  static pcr(index: number): Buffer {
    return Buffer.alloc(48, 0x10 + index);
  }

  /** The members of a sound payload, made at this time. */
  payload(nowMs: number): Record<string, unknown> {
    return {
      module_id: "i-0123456789abcdef0-enc0123456789abcdef",
      digest: "SHA384",
      timestamp: nowMs,
      pcrs: new Map([0, 1, 2, 3, 4, 8].map((index) => [index, NitroHardware.pcr(index)])),
      certificate: this.enclave.der,
      cabundle: [this.root.der, this.intermediate.der],
      public_key: this.publicKey,
      user_data: null,
      nonce: null,
    };
  }

  /** An attestation document that was made at this time. */
  document(nowMs: number, changes: DocumentChanges = {}): Buffer {
    const members = Object.entries({ ...this.payload(nowMs), ...changes.payload });
    const payload = changes.rawPayload ?? encodeCbor(new Map(members.filter(([, value]) => value !== undefined)));
    const header = encodeCbor(changes.protectedHeader ?? new Map([[1, -35]]));
    const signed = encodeCbor(["Signature1", header, Buffer.of(), payload]);
    const key = (changes.signer ?? this.enclave).privateKey;
    const signature = sign("sha384", signed, { key, dsaEncoding: "ieee-p1363" });
    const parts: unknown[] = [header, changes.unprotected ?? new Map(), payload, signature];
    const message = encodeCbor(changes.tamper?.(parts) ?? parts);
    return changes.tagged === true ? Buffer.concat([Buffer.of(0xd2), message]) : message;
  }
}
