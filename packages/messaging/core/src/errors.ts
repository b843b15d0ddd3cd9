/** What went wrong, for programs. The list is closed. */
export type MessagingErrorCode =
  /** An argument cannot be used. */
  | "InvalidInput"
  /** No protocol has all that is needed. */
  | "ImpossibleChoice"
  /** The protocol's package was not registered. */
  | "ProtocolNotRegistered"
  /** The peer is unknown, or has no device. */
  | "UnknownRecipient"
  /** What a peer published does not fit its identity: somebody changed it, or it is damaged. */
  | "BundleRefused"
  /** A device list is malformed, or not signed by its account. */
  | "DeviceListRefused"
  /** An attachment is not what its message says. Nothing of it was given out. */
  | "AttachmentRefused"
  /** A new device, or what was sent to it, is not the one that its user confirmed. Nothing was given out. */
  | "LinkingRefused"
  /** The peer's identity is not the one that was seen before. Nothing was sent. */
  | "IdentityChanged"
  /** The vault cannot be opened: a wrong key or passphrase, or it was changed. */
  | "VaultUnreadable"
  /** The vault's state is older than one that was already used. */
  | "VaultRolledBack"
  /** The key of the vault is out of reach. Nothing was lost; try again. */
  | "KeyUnavailable"
  /** The relay refused; `status` is its own. */
  | "RelayRefused"
  /** The relay does not answer. What was to be sent waits in the outbox. */
  | "RelayUnavailable"
  /** What the relay says does not fit what it, or somebody else, said before. */
  | "RelayDishonest";

/** Every error that this library throws on purpose. Its texts hold no plaintext and no key. */
export class MessagingError extends Error {
  override readonly name = "MessagingError";
  readonly code: MessagingErrorCode;
  readonly status: number | undefined;

  constructor(
    code: MessagingErrorCode,
    message: string,
    details: { readonly status?: number; readonly cause?: unknown } = {},
  ) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.status = details.status;
  }
}

/** An error of the background, where nobody could catch it, as one that programs can be told. */
export function asMessagingError(cause: unknown): MessagingError {
  if (cause instanceof MessagingError) return cause;
  return new MessagingError("RelayUnavailable", "Something unexpected failed; it is tried again.", { cause });
}
