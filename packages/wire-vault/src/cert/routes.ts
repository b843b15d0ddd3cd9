import {
  type CertRoleChanges,
  deleteCertRole,
  logInWithCertificate,
  readCertRole,
  refuseRevocationList,
  ServiceError,
  writeCertRole,
} from "@coffer/service";
import { listRoute } from "../auth/list-names.ts";
import { loginAnswer } from "../auth/login-answer.ts";
import { oldTokenFieldNames, readRenamedTokenFields } from "../auth/old-token-fields.ts";
import { present, readTexts, tokenData, tokenFieldNames } from "../auth/token-fields.ts";
import type { RouteHandler, VaultCall } from "../http/call.ts";
import { noContent, ok } from "../http/envelope.ts";
import type { Route } from "../http/routes.ts";

/** Vault API: auth/cert/login. */
const login: RouteHandler = async (call) => {
  const name = call.fields.text("name") ?? "";
  const certificates = call.request.peerCertificates ?? [];
  return loginAnswer(await call.execute(logInWithCertificate, { mount: call.mount!, name, certificates }));
};

/** What asks another server whether a certificate is revoked: none of it is there. */
const ocspFields = [
  "ocsp_ca_certificates",
  "ocsp_enabled",
  "ocsp_fail_open",
  "ocsp_query_all_servers",
  "ocsp_servers_override",
];

const certFields = [
  "allowed_common_names",
  "allowed_dns_sans",
  "allowed_email_sans",
  "allowed_metadata_extensions",
  "allowed_names",
  "allowed_organizational_units",
  "allowed_uri_sans",
  "certificate",
  "display_name",
  "required_extensions",
  ...ocspFields,
  ...oldTokenFieldNames,
  ...tokenFieldNames,
];

/** The mount and certificate that a call's path names. */
function namedCert(call: VaultCall) {
  return { mount: call.mount!, name: call.captures[0]! };
}

/** Vault API: auth/cert, create or update a trusted certificate. */
const writeCert: RouteHandler = async (call) => {
  const fields = call.fields.only(certFields);
  if (fields.boolean("ocsp_enabled") === true) {
    throw ServiceError.of("InvalidInput", {
      kind: "validation",
      reason: "OCSP is not supported: leave out ocsp_enabled",
    });
  }
  const { token, old } = readRenamedTokenFields(fields);
  const changes: CertRoleChanges = {
    ...present<Omit<CertRoleChanges, "token" | "shown">>({
      certificate: fields.text("certificate"),
      displayName: fields.text("display_name"),
      allowedNames: readTexts(fields, "allowed_names"),
      allowedCommonNames: readTexts(fields, "allowed_common_names"),
      allowedDnsSans: readTexts(fields, "allowed_dns_sans"),
      allowedEmailSans: readTexts(fields, "allowed_email_sans"),
      allowedUriSans: readTexts(fields, "allowed_uri_sans"),
      allowedOrganizationalUnits: readTexts(fields, "allowed_organizational_units"),
      requiredExtensions: readTexts(fields, "required_extensions"),
      allowedMetadataExtensions: readTexts(fields, "allowed_metadata_extensions"),
    }),
    token,
    shown: old,
  };
  await call.execute(writeCertRole, { ...namedCert(call), changes });
  return noContent;
};

function orNull(texts: readonly string[]): readonly string[] | null {
  return texts.length === 0 ? null : texts;
}

/** Vault API: auth/cert, read a trusted certificate. */
const readCert: RouteHandler = async (call) => {
  const role = await call.execute(readCertRole, namedCert(call));
  if (role === undefined) throw ServiceError.of("NotFound", { resource: "operation", id: "" });
  const data = {
    allowed_common_names: orNull(role.allowedCommonNames),
    allowed_dns_sans: orNull(role.allowedDnsSans),
    allowed_email_sans: orNull(role.allowedEmailSans),
    allowed_metadata_extensions: orNull(role.allowedMetadataExtensions),
    allowed_names: orNull(role.allowedNames),
    allowed_organizational_units: orNull(role.allowedOrganizationalUnits),
    allowed_uri_sans: orNull(role.allowedUriSans),
    certificate: role.certificate,
    display_name: role.displayName,
    ocsp_ca_certificates: "",
    ocsp_enabled: false,
    ocsp_fail_open: false,
    ocsp_query_all_servers: false,
    ocsp_servers_override: null,
    required_extensions: orNull(role.requiredExtensions),
    ...role.shown,
    ...tokenData(role.token),
  };
  return ok(JSON.stringify(data));
};

/** Vault API: auth/cert, delete a trusted certificate. */
const deleteCert: RouteHandler = async (call) => {
  await call.execute(deleteCertRole, namedCert(call));
  return noContent;
};

const refuseCrl: RouteHandler = async (call) => {
  await call.execute(refuseRevocationList, { mount: call.mount! });
  return noContent;
};

/** Endpoints of TLS certificates (OpenBao, internal/builtin/credential/cert). */
export const certRoutes: readonly Route[] = [
  { pattern: "login", fields: ["name"], operations: { update: login }, open: ["update"] },
  { pattern: "certs", fields: ["after", "limit"], operations: { list: listRoute("cert") }, slash: true },
  {
    pattern: "certs/:name",
    fields: certFields,
    operations: { read: readCert, update: writeCert, delete: deleteCert },
  },
  { pattern: "crls/:name", fields: ["crl", "url"], operations: { update: refuseCrl } },
];
