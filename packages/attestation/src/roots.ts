import { X509Certificate } from "node:crypto";
import { AttestationError } from "./attestation-error.ts";
import { parseCertificate } from "./certificate.ts";

/**
 * The root of the AWS Nitro attestation PKI, commercial regions ("G1", to 2049): `root.pem` of
 * https://aws-nitro-enclaves.amazonaws.com/AWS_NitroEnclaves_Root-G1.zip. The SHA-256 fingerprint that AWS publishes for
 * the certificate (AWS Nitro Enclaves user guide: verifying the root of trust) is
 * 64:1A:03:21:A3:E2:44:EF:E4:56:46:31:95:D6:06:31:7E:D7:CD:CC:3C:17:56:E0:98:93:F3:C6:8F:79:BB:5B; a test compares it.
 */
const awsNitroRootG1 = `-----BEGIN CERTIFICATE-----
MIICETCCAZagAwIBAgIRAPkxdWgbkK/hHUbMtOTn+FYwCgYIKoZIzj0EAwMwSTEL
MAkGA1UEBhMCVVMxDzANBgNVBAoMBkFtYXpvbjEMMAoGA1UECwwDQVdTMRswGQYD
VQQDDBJhd3Mubml0cm8tZW5jbGF2ZXMwHhcNMTkxMDI4MTMyODA1WhcNNDkxMDI4
MTQyODA1WjBJMQswCQYDVQQGEwJVUzEPMA0GA1UECgwGQW1hem9uMQwwCgYDVQQL
DANBV1MxGzAZBgNVBAMMEmF3cy5uaXRyby1lbmNsYXZlczB2MBAGByqGSM49AgEG
BSuBBAAiA2IABPwCVOumCMHzaHDimtqQvkY4MpJzbolL//Zy2YlES1BR5TSksfbb
48C8WBoyt7F2Bw7eEtaaP+ohG2bnUs990d0JX28TcPQXCEPZ3BABIeTPYwEoCWZE
h8l5YoQwTcU/9KNCMEAwDwYDVR0TAQH/BAUwAwEB/zAdBgNVHQ4EFgQUkCW1DdkF
R+eWw5b6cp3PmanfS5YwDgYDVR0PAQH/BAQDAgGGMAoGCCqGSM49BAMDA2kAMGYC
MQCjfy+Rocm9Xue4YnwWmNJVA44fA0P5W2OpYow9OYCVRaEevL8uO1XYru5xtMPW
rfMCMQCi85sWBbJwKKXdS6BptQFuZbT73o/gBh1qUxl/nNr12UO8Yfwr6wPLb+6N
IwLz3/Y=
-----END CERTIFICATE-----
`;

/** DER of the root of AWS's own Nitro hardware. */
export const awsNitroRoot: Uint8Array = new X509Certificate(awsNitroRootG1).raw;

const pemBlock = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g;

/**
 * Reads further roots from PEM: certificates of authorities with P-384 keys.
 *
 * @returns DER of each
 * @throws AttestationError when there is none, or one is not of that kind
 */
export function parseRoots(pem: string): Uint8Array[] {
  const roots = (pem.match(pemBlock) ?? []).map((block) => {
    let der: Uint8Array;
    try {
      der = new X509Certificate(block).raw;
    } catch {
      throw new AttestationError("A root certificate is malformed.");
    }
    const { isCa, canSignCertificates } = parseCertificate(der);
    if (!isCa || !canSignCertificates) throw new AttestationError("A root certificate is not of an authority.");
    return der;
  });
  if (roots.length === 0) throw new AttestationError("There is no certificate.");
  return roots;
}
