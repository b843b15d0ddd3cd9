/**
 * A buffer for secret bytes, filled with zeros. V8 keeps small typed arrays (up to 64 bytes) on its own heap, where the
 * garbage collector moves them and leaves copies behind that nobody can wipe; memory of an ArrayBuffer stays where it is.
 */
export function allocateSecretBuffer(byteLength: number): Buffer {
  return Buffer.from(new ArrayBuffer(byteLength));
}
