/** Of all RSA keys, as AWS KMS has it. */
export const publicExponent = 65537;

/** What a thread is asked: an RSA key pair with a modulus of so many bits. */
export interface PairRequest {
  readonly modulusBits: number;
}

/** What it answers: the private key as PKCS#8 DER, in memory that is handed over. Undefined: it failed. */
export interface PairReply {
  readonly privateKey: Uint8Array<ArrayBuffer> | undefined;
}
