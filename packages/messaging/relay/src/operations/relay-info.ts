import { type OperationAnswer, type OperationInput, ok, type RelayContext } from "../context.ts";

/** `GET /v1/relay`: who this relay is, by what key it signs its log, and its limits. */
export async function describeRelay(
  { relayId, headSigner, limits, registrationToken }: RelayContext,
  _: OperationInput,
): Promise<OperationAnswer> {
  const { keyId, algorithm, publicKey } = headSigner;
  return ok({
    relayId,
    headKey: { keyId, algorithm, publicKey: Buffer.from(publicKey).toString("base64") },
    registration: registrationToken === undefined ? "open" : "token",
    limits,
  });
}
