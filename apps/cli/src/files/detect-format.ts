/** What a file may be. */
export type FileFormat =
  /** A message of the AWS Encryption SDK. */
  | "aws"
  /** Such a message in base64. */
  | "awsBase64"
  /** A JSON Web Encryption, compact or JSON. */
  | "jwe"
  | "age"
  /** An age file in PEM clothes. */
  | "ageArmor"
  /** A file whose values SOPS encrypted. */
  | "sops";

/** Bytes of a file's beginning that tell its format: a message's header is no longer, and SOPS's mark comes early. */
export const formatBytes = 1024 * 1024;

const ageStart = "age-encryption.org/v1\n";
const armorStart = "-----BEGIN AGE ENCRYPTED FILE-----";

/** Tells a file's format by how it begins. @returns undefined for everything else */
export function detectFormat(start: Uint8Array): FileFormat | undefined {
  if (beginsMessage(start)) return "aws";
  const bytes = Buffer.from(start.buffer, start.byteOffset, start.byteLength);
  const text = bytes.toString("latin1").trimStart();
  if (text.startsWith(ageStart)) return "age";
  if (text.startsWith(armorStart)) return "ageArmor";
  if (beginsMessage(Buffer.from(/^[A-Za-z0-9+/]{0,16}/.exec(text)?.[0] ?? "", "base64"))) return "awsBase64";
  if (text.includes("ENC[AES256_GCM,")) return "sops";
  if (beginsJwe(text)) return "jwe";
  return undefined;
}

/** Source: AWS Encryption SDK specification, data-format/message-header.md: version, type (1 only), suite. */
function beginsMessage(bytes: Uint8Array): boolean {
  const [first, second] = bytes;
  if (bytes.length < 3) return false;
  return (first === 1 && second === 0x80) || (first === 2 && (second === 4 || second === 5) && bytes[2] === 0x78);
}

/** Source: RFC 7516, sections 7.1 and 7.2. Compact: base64url of `{"`, and a dot behind it. */
function beginsJwe(text: string): boolean {
  if (/^eyJ[\w-]*\.[\w-]*\./.test(text)) return true;
  return text.startsWith("{") && /"(protected|unprotected|recipients|encrypted_key)"\s*:/.test(text);
}
