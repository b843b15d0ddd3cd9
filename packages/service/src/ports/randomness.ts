/**
 * The port for the randomness that operations give out or name things by: data keys, GenerateRandom, key ids, tokens,
 * access keys. Key material and the nonces of encryption are not drawn from it: they come from the cryptography package,
 * where nothing can make them foreseeable (docs/decisions/0005-randomness-port.md).
 */
export interface Randomness {
  /** `byteLength` bytes from a cryptographically strong source, in a buffer that the caller owns and wipes. */
  bytes(byteLength: number): Buffer;
  /** A UUID of version 4, lower case. */
  id(): string;
}
