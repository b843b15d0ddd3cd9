import { quote, refuse, type SignatureRefusal } from "./problem.ts";
import { algorithmName } from "./request.ts";

/** Refuses every algorithm but AWS4-HMAC-SHA256; undefined when it is that one. */
export function refuseOtherAlgorithm(algorithm: string): SignatureRefusal | undefined {
  if (algorithm === algorithmName) return undefined;
  const why = algorithm.startsWith("AWS4-ECDSA-")
    ? ` (SigV4a, asymmetric signatures for several regions, is not supported: sign with ${algorithmName})`
    : "";
  return refuse("UnrecognizedAlgorithm", `Unsupported AWS 'algorithm': ${quote(algorithm)}${why}.`);
}
