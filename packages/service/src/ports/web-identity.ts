/** What is asked of a web identity token. */
export interface WebIdentityDemand {
  /** `https://HOST/PATH`: the `iss` that it must have. */
  readonly issuer: string;
  readonly nowMs: number;
}

/** A token that was signed by its issuer, and whose time it is. */
export interface WebIdentity {
  /** `sub` */
  readonly subject: string;
  /** `aud` */
  readonly audiences: readonly string[];
  /** All claims, whatever they are. */
  readonly claims: Readonly<Record<string, unknown>>;
}

/** The port to the keys of OpenID Connect providers. */
export interface WebIdentityVerifier {
  /**
   * Checks a JSON Web Token (RFC 7519): signature by a key of its issuer, issuer, expiry, not before.
   *
   * @throws ServiceError IdentityTokenInvalid
   */
  verify(token: string, demand: WebIdentityDemand): Promise<WebIdentity>;
}
