import { type OperationAnswer, type OperationInput, ok, type RelayContext } from "../context.ts";

/** `GET /v1/devices/me`: what the relay remembers of the calling device. */
export async function describeDevice({ database }: RelayContext, { caller }: OperationInput): Promise<OperationAnswer> {
  const { userId, deviceId, protocol, registrationId, device } = caller!;
  const row = database.get<{ vault_version: number; mailbox_messages: number }>(
    "select vault_version, mailbox_messages from devices where device = ?",
    device,
  )!;
  const { vault_version: vaultVersion, mailbox_messages: mailboxMessages } = row;
  return ok({ userId, deviceId, protocol, registrationId, vaultVersion, mailboxMessages });
}
