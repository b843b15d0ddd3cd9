import type { Core } from "../../core.ts";
import { limits } from "../../limits.ts";
import type { TokenRecord } from "../../model/principal.ts";
import { revokeTokenTree } from "../../vault/remove-tokens.ts";
import { refuseInput, tokenOperation } from "../vault-tokens/token-operation.ts";

/** A lease by its id: where its token was made, and random hex. */
interface LeaseInput {
  readonly leaseId: string;
}

const record = ({ leaseId }: LeaseInput) => ({ leaseId });

async function findLease(core: Core, leaseId: string): Promise<TokenRecord | undefined> {
  const found = await core.store.findTokenByLease(leaseId);
  return found !== undefined && (await core.identities.isTokenLive(found)) ? found : undefined;
}

/** The token of a lease (Vault API: sys/leases/lookup). @returns undefined when there is none */
const lookUpLease = tokenOperation<LeaseInput, TokenRecord | undefined>({
  name: "LookUpLease",
  readOnly: true,
  record,
  run: ({ core, input }) => findLease(core, input.leaseId),
});

/**
 * Vault API: sys/leases/renew. All leases are of tokens, which are renewed elsewhere (OpenBao, internal/vault/expiration.go:
 * `Renew`, whose words the refusals have).
 *
 * Errors: InvalidInput, always.
 */
const renewLease = tokenOperation<LeaseInput, never>({
  name: "RenewLease",
  readOnly: false,
  record,
  async run({ core, input }) {
    const found = await findLease(core, input.leaseId);
    if (found === undefined) refuseInput("lease not found");
    if (found.vault?.renewable !== true || found.expiresAtMs === undefined) refuseInput("lease is not renewable");
    return refuseInput("tokens cannot be renewed through this endpoint");
  },
});

/** Revokes the token of a lease with all that it made (Vault API: sys/leases/revoke). One that is not there is no error. */
const revokeLease = tokenOperation<LeaseInput, null>({
  name: "RevokeLease",
  readOnly: false,
  record,
  async run({ core, input, nowMs }) {
    const found = await core.store.findTokenByLease(input.leaseId);
    if (found !== undefined) await revokeTokenTree(core, found, nowMs);
    return null;
  },
});

/** Revokes a lease, or all in a folder, tree by tree (Vault API: sys/leases/revoke-prefix and revoke-force). */
const revokeLeasesUnder = tokenOperation<{ readonly prefix: string }, { readonly revoked: number }>({
  name: "RevokeLeases",
  readOnly: false,
  record: ({ prefix }) => ({ prefix }),
  recordOutput: ({ revoked }) => ({ revoked }),
  async run({ core, input: { prefix }, nowMs }) {
    const one = await core.store.findTokenByLease(prefix);
    if (one !== undefined) {
      await revokeTokenTree(core, one, nowMs);
      return { revoked: 1 };
    }
    const folder = prefix.endsWith("/") ? prefix : `${prefix}/`;
    let revoked = 0;
    for (;;) {
      const page = await core.store.listTokensByLease(folder, limits.pageItems.value);
      const ours = page.filter(({ leaseId }) => leaseId?.startsWith(folder) === true);
      if (ours.length === 0) return { revoked };
      for (const token of ours) {
        // A token of this page may have gone with the one that made it.
        const stored = await core.store.get("tokens", { digest: token.digest });
        if (stored === undefined) continue;
        await revokeTokenTree(core, stored, nowMs);
        revoked += 1;
      }
    }
  },
});

/** Above every lease id that begins with a folder's own. */
const lastCharacter = "\u{10ffff}";

/** What lies right below a folder of leases, by name (Vault API: sys/leases/lookup, list); at most `limits.authNames`. */
const listLeases = tokenOperation<
  { readonly folder: string; readonly after: string; readonly limit: number },
  readonly string[]
>({
  name: "ListLeases",
  readOnly: true,
  record: ({ folder }) => ({ prefix: folder }),
  recordOutput: (names) => ({ count: names.length }),
  async run({ core, input: { folder, after, limit } }) {
    const most = Math.min(limit > 0 ? limit : limits.authNames.value, limits.authNames.value);
    const names: string[] = [];
    let cursor = after === "" ? folder : behind(`${folder}${after}`);
    while (names.length < most) {
      const page = await core.store.listTokensByLease(cursor, limits.pageItems.value);
      let next = page.at(-1)?.leaseId;
      for (const token of page) {
        const child = childOf(folder, token.leaseId ?? "");
        if (child === undefined) return names;
        if (names.length === most || !(await core.identities.isTokenLive(token))) continue;
        names.push(child);
        if (!child.endsWith("/")) continue;
        // A folder may be very full: what is left of it is passed over.
        next = behind(folder + child);
        break;
      }
      if (next === undefined) break;
      cursor = next;
    }
    return names;
  },
});

/** What lies right below a folder on the way to a lease; undefined when the lease is not in it. */
function childOf(folder: string, leaseId: string): string | undefined {
  if (!leaseId.startsWith(folder)) return undefined;
  const slash = leaseId.indexOf("/", folder.length);
  return leaseId.slice(folder.length, slash < 0 ? undefined : slash + 1);
}

function behind(name: string): string {
  return name.endsWith("/") ? name + lastCharacter : name;
}

/** What there is of leases. */
export const leaseOperations = {
  list: listLeases,
  lookUp: lookUpLease,
  renew: renewLease,
  revoke: revokeLease,
  revokeUnder: revokeLeasesUnder,
} as const;
