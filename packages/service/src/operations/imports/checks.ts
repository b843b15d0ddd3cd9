import { ServiceError } from "../../errors.ts";
import type { KeyEntry } from "../../keys/key-entry.ts";

/** @throws ServiceError InvalidInput kind `validation` */
export function refuseImport(member: string, reason: string): never {
  throw ServiceError.of("InvalidInput", { kind: "validation", member, reason });
}

/** @throws ServiceError KeyStateInvalid */
export function refuseState({ arn, record }: KeyEntry, reason: string): never {
  throw ServiceError.of("KeyStateInvalid", { keyArn: arn, state: record.state, reason });
}
