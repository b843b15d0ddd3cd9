import type { KmsClient, TransitClient } from "@coffer/envelope";
import type { KmsRecipient, TransitRecipient } from "./recipients.ts";

/**
 * Where the recipients' keys are reached. A function that is absent, or that throws, says that such keys cannot be: then
 * the next recipient is tried.
 */
export interface KeyServices {
  /** A client for the region of a key, with the recipient's role and profile. */
  readonly kms?: (recipient: KmsRecipient & { readonly region: string }) => KmsClient | Promise<KmsClient>;
  /**
   * A client for a mount. The address comes of the file: whoever has a token decides which addresses may see it. SOPS takes
   * any unless SOPS_HC_VAULT_ALLOWLIST says otherwise; do better.
   */
  readonly transit?: (recipient: TransitRecipient) => TransitClient | Promise<TransitClient>;
}
