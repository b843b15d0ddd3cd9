import { ServiceError } from "@coffer/service";
import type { NamedKey } from "./key-name.ts";

function refuse(reason: string): ServiceError {
  return ServiceError.of("InvalidInput", { kind: "validation", reason });
}

/** Whether an error says that the key is not there for Transit: no such alias, or a key that waits for its destruction. */
export function isMissing(error: unknown): boolean {
  if (!(error instanceof ServiceError)) return false;
  const { detail } = error;
  if (detail.code === "NotFound") return detail.params.resource === "alias" || detail.params.resource === "key";
  return detail.code === "KeyStateInvalid" && detail.params.state === "pendingDestruction";
}

/** Whether an error says that the key waits for its destruction: its name is taken, and it can be restored. */
export function isPending(error: unknown): boolean {
  return error instanceof ServiceError && error.detail.code === "KeyStateInvalid" && isMissing(error);
}

/** The refusal of a name whose key waits for its destruction. */
export function pendingProblem({ name }: NamedKey): ServiceError {
  return refuse(
    `the key "${name}" is scheduled for deletion: restore it with POST /keys/KEY/restore or KMS CancelKeyDeletion, or use another name`,
  );
}

/**
 * An error of a key operation in Transit's words.
 *
 * @param missing what the endpoint says of a key that is not there
 */
export function keyProblem(error: unknown, key: NamedKey, missing: string): unknown {
  if (isMissing(error)) return refuse(missing);
  if (!(error instanceof ServiceError)) return error;
  const { detail } = error;
  if (detail.code === "KeyDisabled") {
    return refuse(`the key "${key.name}" is disabled: enable it with KMS EnableKey before it is used`);
  }
  if (detail.code === "KeyStateInvalid" && detail.params.state === "softDeleted") return refuse(detail.params.reason);
  if (detail.code === "KeyStateInvalid") return refuse(`the key "${key.name}" cannot be used: ${detail.params.reason}`);
  return error;
}
