import type { DeviceAddress } from "../addresses.ts";
import { bytesOfBase64 } from "../base64.ts";
import type { KeyUpload } from "../key-bundle.ts";
import type { ProtocolId } from "../protocols.ts";
import { checkMlsKeys } from "./mls-keys.ts";
import { checkOlmKeys } from "./olm-keys.ts";
import { checkOpenPgpKeys } from "./openpgp-keys.ts";
import { checkOtrKeys } from "./otr-keys.ts";
import { refuseKeys } from "./refuse-keys.ts";
import { checkSignalKeys } from "./signal-keys.ts";

type KeyCheck = (identityKey: string, upload: KeyUpload, owner: DeviceAddress | undefined) => void;

const checks: ReadonlyMap<ProtocolId, KeyCheck> = new Map<ProtocolId, KeyCheck>([
  ["signal", checkSignalKeys],
  ["olm", checkOlmKeys],
  ["mls", checkMlsKeys],
  ["openpgp", checkOpenPgpKeys],
  ["otr", checkOtrKeys],
]);

/**
 * Checks what a device publishes, without any protocol's library: everything that is signed is signed by the identity key
 * that the device list names. What the keys are of each protocol stands with its check: `checkSignalKeys`, `checkOlmKeys`,
 * `checkMlsKeys`, `checkOpenPgpKeys` and `checkOtrKeys`. Clients check all of it, and more, by their libraries.
 *
 * @param owner whose keys they are, where a protocol's keys name it
 * @throws MessagingError BundleRefused
 */
export function checkKeyUpload(
  protocol: ProtocolId,
  identityKey: string,
  upload: KeyUpload,
  owner?: DeviceAddress,
): void {
  if (upload.identityKey !== identityKey || !bytesOfBase64(identityKey)?.length) {
    throw refuseKeys("the identity key is not the one that the device list names");
  }
  const check = checks.get(protocol);
  if (check === undefined) throw refuseKeys("the protocol is unknown");
  check(identityKey, upload, owner);
}
