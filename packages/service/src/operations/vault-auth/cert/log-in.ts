import { sha256Hex } from "@coffer/crypto";
import type { Core } from "../../../core.ts";
import { limits } from "../../../limits.ts";
import { ClientCertificate, parsePemCertificates, trustedChains } from "../../../vault/client-certificate.ts";
import { type AuthMountInput, loginOperation, refuseInput } from "../auth-operation.ts";
import { checkNetwork, issueLogin, type VaultLogin } from "../issue-login.ts";
import { fitsGlob } from "../jwt/claims.ts";
import { namesBelow } from "../list-names.ts";
import { type CertRole, findCertRole } from "./cert-role.ts";

export interface CertLoginInput extends AuthMountInput {
  /** Empty for any. */
  readonly name: string;
  /** What the client presented over TLS, DER, its own first: TLS proved that it has the key of that one. */
  readonly certificates: readonly Uint8Array[];
}

interface NamedRole {
  readonly name: string;
  readonly role: CertRole;
  readonly certificates: readonly ClientCertificate[];
}

/** Vault API: auth/cert/login. */
export const logInWithCertificate = loginOperation<CertLoginInput, VaultLogin>({
  name: "CertificateLogin",
  readOnly: false,
  record: ({ name }) => ({ role: name.toLowerCase() }),
  recordOutput: ({ record }) => ({ accessor: record.accessor, displayName: record.displayName }),
  async run({ core, input, request, nowMs }) {
    const { mount } = input;
    if (input.certificates.length === 0) refuseInput("no client certificate found");
    const presented = input.certificates
      .slice(0, limits.chainCertificates.value)
      .map((der) => ClientCertificate.parse(der));
    const [client] = presented;
    if (client === undefined) refuseInput("invalid certificate or no client certificate supplied");
    const known = presented.filter((one) => one !== undefined);
    const { name, role } = findMatch(await loadRoles(core, input), known, nowMs);
    checkNetwork(mount, role.token, request);
    if (client.commonName === "") refuseInput("missing name in alias");
    const meta = {
      authority_key_id: client.authorityKeyId,
      cert_name: name,
      common_name: client.commonName,
      serial_number: client.serialNumber,
      subject_key_id: client.subjectKeyId,
      ...metadataOf(client, role),
    };
    const found = {
      mount,
      path: "login",
      params: role.token,
      displayName: role.displayName,
      meta,
      aliasName: client.commonName,
      aliasMeta: {},
      certificateDigest: sha256Hex(client.der),
    };
    const { login, writes } = await issueLogin(core, found, request, nowMs);
    await core.commit(writes);
    return login;
  },
});

/**
 * Whether somebody presents the certificate that a token was got with, and its role would still take it.
 *
 * @param digest SHA-256 of that certificate in hex; undefined is nobody's
 * @throws ServiceError InvalidInput when the role would not
 */
export async function checkSameCertificate(
  core: Core,
  { mount, name, certificates }: CertLoginInput,
  digest: string | undefined,
  nowMs: number,
): Promise<boolean> {
  const [leaf] = certificates;
  if (leaf === undefined || sha256Hex(leaf) !== digest) return false;
  const presented = certificates.slice(0, limits.chainCertificates.value).map((der) => ClientCertificate.parse(der));
  if (presented[0] === undefined) return false;
  const known = presented.filter((one) => one !== undefined);
  findMatch(await loadRoles(core, { mount, name, certificates }), known, nowMs);
  return true;
}

async function loadRoles(core: Core, { mount, name }: CertLoginInput): Promise<readonly NamedRole[]> {
  const max = limits.certRoles.value;
  const names = name === "" ? await namesBelow(core, mount, "cert", "", "", max + 1) : [name.toLowerCase()];
  if (names.length > max) refuseInput(`a mount with more than ${max} certificates needs the name of one`);
  const roles: NamedRole[] = [];
  for (const each of names) {
    const role = (await findCertRole(core, mount, each))?.value;
    if (role !== undefined) roles.push({ name: each, role, certificates: parsePemCertificates(role.certificate) });
  }
  return roles;
}

/** @throws ServiceError InvalidInput */
function findMatch(roles: readonly NamedRole[], presented: readonly ClientCertificate[], nowMs: number): NamedRole {
  const client = presented[0]!;
  const isUsable = client.isUsable(nowMs) && client.mayAuthenticateClients();
  const isOfAuthority = ({ certificates }: NamedRole) => certificates[0]?.isCa === true;
  const pinned = roles.find(
    (one) =>
      // The whole certificate: another one with the same key may say any name.
      isUsable && !isOfAuthority(one) && one.certificates[0]?.der.equals(client.der) === true && fits(client, one.role),
  );
  if (pinned !== undefined) return pinned;
  const authorities = roles.filter(isOfAuthority);
  const chains = trustedChains(
    presented,
    authorities.flatMap(({ certificates }) => certificates),
    nowMs,
  );
  if (chains.length === 0) refuseInput("invalid certificate or no client certificate supplied");
  const trusting = authorities.find(
    ({ role, certificates }) =>
      chains.some((chain) => chain.some((one) => certificates.some((trusted) => trusted.der.equals(one.der)))) &&
      fits(client, role),
  );
  return trusting ?? refuseInput("no chain matching all constraints could be found for this login certificate");
}

/** Whether a certificate is one of those that a role is for. */
function fits(client: ClientCertificate, role: CertRole): boolean {
  const oneFits = (patterns: readonly string[], names: readonly string[]) =>
    patterns.length === 0 || patterns.some((pattern) => names.some((name) => fitsGlob(pattern, name)));
  const { commonName, dnsNames, emailAddresses, uris, organizationalUnits } = client;
  return (
    oneFits(role.allowedNames, [commonName, ...dnsNames, ...emailAddresses]) &&
    oneFits(role.allowedCommonNames, [commonName]) &&
    oneFits(role.allowedDnsSans, dnsNames) &&
    oneFits(role.allowedEmailSans, emailAddresses) &&
    oneFits(role.allowedUriSans, uris) &&
    oneFits(role.allowedOrganizationalUnits, organizationalUnits) &&
    role.requiredExtensions.every((required) => {
      const colon = required.indexOf(":");
      const text = client.extensionText(required.slice(0, colon));
      return text !== undefined && fitsGlob(required.slice(colon + 1), text);
    })
  );
}

function metadataOf(client: ClientCertificate, role: CertRole): Readonly<Record<string, string>> {
  const pairs = role.allowedMetadataExtensions.flatMap((oid) => {
    const text = client.extensionText(oid);
    return text === undefined ? [] : [[oid.replaceAll(".", "-"), text] as const];
  });
  return Object.fromEntries(pairs);
}
