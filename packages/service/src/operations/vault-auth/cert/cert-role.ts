import type { Core } from "../../../core.ts";
import type { MountRecord } from "../../../model/mount.ts";
import { parsePemCertificates } from "../../../vault/client-certificate.ts";
import type { VaultEntry } from "../../../vault/vault-entries.ts";
import { type AuthMountInput, authArea, authOperation, refuseInput } from "../auth-operation.ts";
import { changeTokenParams, plainTokenParams, type TokenParamChanges, type TokenParams } from "../token-params.ts";

/** A certificate that is trusted, and for whom (Vault API: auth/cert/certs). Lists are patterns with `*`; empty for any. */
export interface CertRole {
  /** PEM: of an authority, or of the client itself. */
  readonly certificate: string;
  readonly displayName: string;
  /** Common names, DNS names or mail addresses. */
  readonly allowedNames: readonly string[];
  readonly allowedCommonNames: readonly string[];
  readonly allowedDnsSans: readonly string[];
  readonly allowedEmailSans: readonly string[];
  readonly allowedUriSans: readonly string[];
  readonly allowedOrganizationalUnits: readonly string[];
  /** `OID:PATTERN`, all of them. */
  readonly requiredExtensions: readonly string[];
  /** OIDs. */
  readonly allowedMetadataExtensions: readonly string[];
  readonly token: TokenParams;
  /** Parameters by their old names: kept to be shown, as the wire has them. */
  readonly shown: Readonly<Record<string, unknown>>;
}

/** What a write gives. */
export type CertRoleChanges = Partial<Omit<CertRole, "token" | "shown">> & {
  readonly token: TokenParamChanges;
  /** null forgets one. */
  readonly shown: Readonly<Record<string, unknown>>;
};

const plainRole: CertRole = {
  certificate: "",
  displayName: "",
  allowedNames: [],
  allowedCommonNames: [],
  allowedDnsSans: [],
  allowedEmailSans: [],
  allowedUriSans: [],
  allowedOrganizationalUnits: [],
  requiredExtensions: [],
  allowedMetadataExtensions: [],
  token: plainTokenParams,
  shown: {},
};

export interface CertRoleInput extends AuthMountInput {
  readonly name: string;
}

export interface WriteCertRoleInput extends CertRoleInput {
  readonly changes: CertRoleChanges;
}

/** The entry of a name, in any case. */
export function findCertRole(core: Core, mount: MountRecord, name: string): Promise<VaultEntry<CertRole> | undefined> {
  return core.vaultEntries.get<CertRole>(authArea(mount, "cert"), name.toLowerCase());
}

function checkCertificate({ certificate, requiredExtensions }: CertRole): void {
  const [first] = parsePemCertificates(certificate);
  if (first === undefined) refuseInput("failed to parse certificate");
  if (!first.isCa && !first.mayAuthenticateClients()) {
    refuseInput("nonCA certificates should have TLS client authentication set as an extended key usage");
  }
  const wrong = requiredExtensions.find((text) => !/^[0-9]+(?:\.[0-9]+)+:/.test(text));
  if (wrong !== undefined) refuseInput("required_extensions must be of the form OID:VALUE");
}

/** Vault API: auth/cert/certs, create or update. */
export const writeCertRole = authOperation<WriteCertRoleInput, null>({
  name: "WriteCertificateRole",
  readOnly: false,
  record: ({ name, changes }) => ({ role: name.toLowerCase(), changes: Object.keys(changes) }),
  async run({ core, input: { mount, name, changes } }) {
    const before = await findCertRole(core, mount, name);
    const { token, shown, ...rest } = changes;
    const was = before?.value ?? { ...plainRole, displayName: name.toLowerCase() };
    const kept = Object.entries({ ...was.shown, ...shown }).filter(([, value]) => value !== null);
    const merged = { ...was, ...rest, token: changeTokenParams(was.token, token), shown: Object.fromEntries(kept) };
    const role: CertRole = merged.displayName === "" ? { ...merged, displayName: name.toLowerCase() } : merged;
    checkCertificate(role);
    const area = authArea(mount, "cert");
    await core.commit([
      before === undefined
        ? core.vaultEntries.insert(area, name.toLowerCase(), role)
        : core.vaultEntries.update(before, role),
    ]);
    return null;
  },
});

/** Vault API: auth/cert/certs, read. */
export const readCertRole = authOperation<CertRoleInput, CertRole | undefined>({
  name: "ReadCertificateRole",
  readOnly: true,
  record: ({ name }) => ({ role: name.toLowerCase() }),
  run: async ({ core, input }) => (await findCertRole(core, input.mount, input.name))?.value,
});

/** Vault API: auth/cert/certs, delete. */
export const deleteCertRole = authOperation<CertRoleInput, null>({
  name: "DeleteCertificateRole",
  readOnly: false,
  record: ({ name }) => ({ role: name.toLowerCase() }),
  async run({ core, input }) {
    const found = await findCertRole(core, input.mount, input.name);
    if (found !== undefined) await core.commit([core.vaultEntries.delete(found)]);
    return null;
  },
});

/** Vault API: auth/cert/crls. A list that was taken and not looked at would let in whom it names. */
export const refuseRevocationList = authOperation<AuthMountInput, never>({
  name: "WriteRevocationList",
  readOnly: true,
  record: () => ({}),
  run: () => refuseInput("certificate revocation lists are not supported"),
});
