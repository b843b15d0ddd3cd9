import type { Core } from "../../core.ts";
import type { TokenRecord } from "../../model/principal.ts";
import type { RequestContext } from "../../model/request.ts";

/** Which token is meant: the caller's own, or one that is shown or named. */
export type TokenSubject =
  | { readonly by: "self" }
  | { readonly by: "token"; readonly token: string }
  | { readonly by: "accessor"; readonly accessor: string };

/** What is recorded of it: never the token. */
export function recordSubject(subject: TokenSubject): Readonly<Record<string, unknown>> {
  return subject.by === "accessor" ? { of: subject.by, accessor: subject.accessor } : { of: subject.by };
}

/**
 * The token, as the store has it now; the caller's own as the request found it.
 *
 * @returns undefined for one that is unknown or over
 */
export async function findSubject(
  core: Core,
  { principal }: Pick<RequestContext, "principal">,
  subject: TokenSubject,
): Promise<TokenRecord | undefined> {
  if (subject.by === "self") return principal.token;
  if (subject.by === "token") return (await core.identities.findToken(subject.token))?.token;
  const found = await core.store.findTokenByAccessor(subject.accessor);
  return found !== undefined && (await core.identities.isTokenLive(found)) ? found : undefined;
}
