import {
  authNameExists,
  deleteKubeRole,
  type KubeRoleChanges,
  logInWithKubernetes,
  readKubeConfig,
  readKubeRole,
  ServiceError,
  writeKubeConfig,
  writeKubeRole,
} from "@coffer/service";
import { listRoute } from "../auth/list-names.ts";
import { loginAnswer } from "../auth/login-answer.ts";
import { oldTokenFieldNames, readRenamedTokenFields } from "../auth/old-token-fields.ts";
import { present, readTexts, tokenData, tokenFieldNames } from "../auth/token-fields.ts";
import type { RouteHandler, VaultCall } from "../http/call.ts";
import { noContent, ok } from "../http/envelope.ts";
import type { Route } from "../http/routes.ts";

/** Vault API: auth/kubernetes/login. */
const login: RouteHandler = async (call) => {
  const role = call.fields.text("role") ?? "";
  const jwt = call.fields.text("jwt") ?? "";
  return loginAnswer(await call.execute(logInWithKubernetes, { mount: call.mount!, role, jwt }));
};

const configFields = [
  "disable_iss_validation",
  "disable_local_ca_jwt",
  "issuer",
  "kubernetes_ca_cert",
  "kubernetes_host",
  "pem_keys",
  "token_reviewer_jwt",
];

/** Vault API: auth/kubernetes, configure. */
const writeConfig: RouteHandler = async (call) => {
  const { fields } = call;
  const text = (name: string) => fields.text(name) ?? "";
  await call.execute(writeKubeConfig, {
    mount: call.mount!,
    config: {
      host: text("kubernetes_host"),
      caCert: text("kubernetes_ca_cert"),
      tokenReviewerJwt: text("token_reviewer_jwt"),
      pemKeys: readTexts(fields, "pem_keys") ?? [],
      issuer: text("issuer"),
      disableIssValidation: fields.boolean("disable_iss_validation") ?? true,
      disableLocalCaJwt: fields.boolean("disable_local_ca_jwt") ?? false,
    },
  });
  return noContent;
};

/** Vault API: auth/kubernetes, read the configuration. */
const readConfig: RouteHandler = async (call) => {
  const config = await call.execute(readKubeConfig, { mount: call.mount! });
  if (config === undefined) throw ServiceError.of("NotFound", { resource: "operation", id: "" });
  const data = {
    disable_iss_validation: config.disableIssValidation,
    disable_local_ca_jwt: config.disableLocalCaJwt,
    issuer: config.issuer,
    kubernetes_ca_cert: config.caCert,
    kubernetes_host: config.host,
    pem_keys: config.pemKeys,
    token_reviewer_jwt_set: config.tokenReviewerJwt !== "",
  };
  return ok(JSON.stringify(data));
};

/** The mount and role that a call's path names. */
function namedRole(call: VaultCall) {
  return { mount: call.mount!, name: call.captures[0]! };
}

/** Vault API: auth/kubernetes, create or update a role. */
const writeRole: RouteHandler = async (call) => {
  const { fields } = call;
  const { token, old } = readRenamedTokenFields(fields);
  const changes: KubeRoleChanges = {
    ...present<Omit<KubeRoleChanges, "namespaceSelector" | "token" | "shown">>({
      names: readTexts(fields, "bound_service_account_names"),
      namespaces: readTexts(fields, "bound_service_account_namespaces"),
      audience: fields.text("audience"),
      aliasNameSource: fields.text("alias_name_source"),
    }),
    namespaceSelector: fields.text("bound_service_account_namespace_selector") ?? "",
    token,
    shown: old,
  };
  await call.execute(writeKubeRole, { ...namedRole(call), changes, mode: call.creates ? "create" : "update" });
  return noContent;
};

/** Vault API: auth/kubernetes, read a role. */
const readRole: RouteHandler = async (call) => {
  const role = await call.execute(readKubeRole, namedRole(call));
  if (role === undefined) throw ServiceError.of("NotFound", { resource: "operation", id: "" });
  const data = {
    alias_name_source: role.aliasNameSource,
    ...(role.audience === "" ? {} : { audience: role.audience }),
    bound_service_account_names: role.names,
    bound_service_account_namespace_selector: role.namespaceSelector,
    bound_service_account_namespaces: role.namespaces,
    ...role.shown,
    ...tokenData(role.token),
  };
  return ok(JSON.stringify(data));
};

/** Vault API: auth/kubernetes, delete a role. */
const deleteRole: RouteHandler = async (call) => {
  await call.execute(deleteKubeRole, namedRole(call));
  return noContent;
};

/** Endpoints of Kubernetes' service accounts (OpenBao, internal/builtin/credential/kubernetes). */
export const kubernetesRoutes: readonly Route[] = [
  { pattern: "login", fields: ["jwt", "role"], operations: { update: login }, open: ["update"] },
  { pattern: "config", fields: configFields, operations: { read: readConfig, update: writeConfig } },
  { pattern: "role", fields: ["after", "limit"], operations: { list: listRoute("role") }, slash: true },
  {
    pattern: "role/:name",
    fields: [
      "alias_name_source",
      "audience",
      "bound_service_account_names",
      "bound_service_account_namespace_selector",
      "bound_service_account_namespaces",
      ...oldTokenFieldNames,
      ...tokenFieldNames,
    ],
    operations: { read: readRole, update: writeRole, delete: deleteRole },
    exists: ({ core, mount, captures }) => authNameExists(core, mount!, "role", captures[0]!.toLowerCase()),
  },
];
