import type { Core } from "@coffer/service";
import type { SigningKeyCache } from "@coffer/sigv4";

/** What the services of this wire share. */
export interface AwsService {
  readonly core: Core;
  readonly signingKeys: SigningKeyCache;
}
