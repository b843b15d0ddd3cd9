import { platform } from "#platform";
import { PlaintextDataKey } from "../data-key.ts";
import type { EncryptedDataKey } from "../materials/materials.ts";
import type { GeneratedDataKey, WrapRequest } from "./keyring.ts";

/** A data key made here, of a keyring whose service does not make any. Wiped when the wrapping fails. */
export async function generateAndWrap(
  { suite }: WrapRequest,
  wrap: (dataKey: PlaintextDataKey) => Promise<readonly EncryptedDataKey[]>,
): Promise<GeneratedDataKey> {
  const dataKey = PlaintextDataKey.takeFrom(platform.randomBytes(suite.keyBytes));
  try {
    return { dataKey, encryptedDataKeys: await wrap(dataKey) };
  } catch (error) {
    dataKey.dispose();
    throw error;
  }
}
