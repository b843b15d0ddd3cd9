import { base64OfBytes } from "@coffer/messaging";
import { type PartialConfig, type PublicKey, readKey } from "openpgp";
import { fullConfig, type OpenPgpSettings, toleratedDate } from "./settings.ts";

/** The most characters of an armored certificate, and octets of one that is not. */
export const maxCertificateBytes = 64 * 1024;

/** Base64 of a certificate's fingerprint (RFC 9580, section 5.5.4): 20 octets of a v4 key, 32 of a v6 key. */
export function identityKeyOf(certificate: PublicKey): string {
  return base64OfBytes(certificate.keyPacket.getFingerprintBytes() ?? new Uint8Array());
}

/**
 * A certificate that can be written to and whose signatures can be checked now.
 *
 * @throws Error when it is malformed, weak, expired or revoked, or a private key
 */
export async function parseCertificate(
  settings: OpenPgpSettings,
  certificate: string | Uint8Array,
): Promise<PublicKey> {
  if (certificate.length > maxCertificateBytes) throw new Error("the certificate is too long");
  const { config } = settings;
  const key = await (typeof certificate === "string"
    ? readKey({ armoredKey: certificate, config })
    : readKey({ binaryKey: certificate, config }));
  if (key.isPrivate()) throw new Error("this is a private key");
  await checkUsable(settings, key, config);
  return key;
}

async function checkUsable(settings: OpenPgpSettings, key: PublicKey, config: PartialConfig): Promise<void> {
  const date = toleratedDate(settings);
  const whole = fullConfig(config);
  await key.verifyPrimaryKey(date, undefined, whole);
  await key.getEncryptionKey(undefined, date, undefined, whole);
  await key.getSigningKey(undefined, date, undefined, whole);
}
