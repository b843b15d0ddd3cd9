import { bytesOfBase64 } from "../base64.ts";
import type { KeyUpload } from "../key-bundle.ts";
import type { ProtocolId } from "../protocols.ts";
import { checkOlmKeys } from "./olm-keys.ts";
import { refuseKeys } from "./refuse-keys.ts";
import { checkSignalKeys } from "./signal-keys.ts";

type KeyCheck = (identityKey: string, upload: KeyUpload) => void;

const checks: ReadonlyMap<ProtocolId, KeyCheck> = new Map<ProtocolId, KeyCheck>([
  ["signal", checkSignalKeys],
  ["olm", checkOlmKeys],
]);

/**
 * Checks what a device publishes, without any protocol's library: everything that is signed is signed by the identity key
 * that the device list names. What has no row is checked by the clients alone, with their libraries.
 *
 * @throws MessagingError BundleRefused
 */
export function checkKeyUpload(protocol: ProtocolId, identityKey: string, upload: KeyUpload): void {
  if (upload.identityKey !== identityKey || !bytesOfBase64(identityKey)?.length) {
    throw refuseKeys("the identity key is not the one that the device list names");
  }
  checks.get(protocol)?.(identityKey, upload);
}
