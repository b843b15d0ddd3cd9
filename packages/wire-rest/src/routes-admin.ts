import {
  createAccessKey,
  createPrincipal,
  createToken,
  deleteAccessKey,
  deleteIdentityPolicy,
  deletePrincipal,
  getKeyPolicy,
  limits,
  listCredentials,
  listIdentityPolicies,
  listPrincipals,
  putIdentityPolicy,
  putKeyPolicy,
  revokeToken,
  rootArn,
  rotateKeyring,
  ServiceError,
} from "@coffer/service";
import { keyReference } from "./key-names.ts";
import { members, pathPart, type RestCall, type Route } from "./route.ts";

const principalMember = { type: "string", required: true, about: "user/NAME, role/NAME, root, or an ARN" } as const;
const kindMember = { type: "string", required: true, about: "user or role", choices: ["user", "role"] } as const;
const principalQuery = members({ principal: principalMember });
const maxLifetimeSeconds = 315_360_000;

function principalArn(call: RestCall, text: string): string {
  const { account } = call.context.principal;
  if (text === "root") return rootArn(account);
  if (text.startsWith("arn:aws:iam::")) return text;
  if (/^(?:user|role)\/[\w+=,.@-]+$/.test(text)) return `arn:aws:iam::${account}:${text}`;
  throw ServiceError.of("InvalidInput", {
    kind: "validation",
    member: "principal",
    reason: "'principal' must be user/NAME, role/NAME, root, or an ARN.",
  });
}

function time(atMs: number): string {
  return new Date(atMs).toISOString();
}

/** Who may use the server: principals, access keys, tokens, policies; and the keyring. */
export const adminRoutes: readonly Route[] = [
  {
    method: "POST",
    path: "/admin/principals",
    summary: "Make a user or a role",
    status: 201,
    body: members({ kind: kindMember, name: { type: "string", required: true, about: "the name" } }),
    async run(call) {
      const kind = call.body.get<"string">("kind") === "role" ? "role" : "user";
      const { principal } = await call.execute(createPrincipal, { kind, name: call.body.get<"string">("name") });
      return { arn: principal.arn, kind, name: principal.name, id: principal.principalId };
    },
  },
  {
    method: "GET",
    path: "/admin/principals",
    summary: "List users and roles",
    status: 200,
    query: members({
      limit: { type: "integer", about: "how many on one page", min: 1, max: limits.pageItems.value },
      marker: { type: "string", about: "`next` of the page before" },
    }),
    async run(call) {
      const page = await call.execute(listPrincipals, {
        limit: call.query.find<"integer">("limit"),
        marker: call.query.find<"string">("marker"),
      });
      const principals = page.items.map(({ arn, kind, name, createdAtMs }) => ({
        arn,
        kind,
        name,
        created_at: time(createdAtMs),
      }));
      return page.nextMarker === undefined ? { principals } : { principals, next: page.nextMarker };
    },
  },
  {
    method: "DELETE",
    path: "/admin/principals/{kind}/{name}",
    summary: "Delete a user or a role with its credentials and policies",
    status: 204,
    async run(call) {
      const kind = pathPart(call, "kind");
      if (kind !== "user" && kind !== "role") throw ServiceError.of("NotFound", { resource: "principal", id: kind });
      await call.execute(deletePrincipal, { kind, name: pathPart(call, "name") });
      return null;
    },
  },
  {
    method: "POST",
    path: "/admin/access-keys",
    summary: "Make an access key; its secret is shown once",
    status: 201,
    body: members({ principal: principalMember }),
    async run(call) {
      const arn = principalArn(call, call.body.get<"string">("principal"));
      const { record, secretAccessKey } = await call.execute(createAccessKey, { principalArn: arn });
      return { access_key_id: record.accessKeyId, secret_access_key: secretAccessKey, principal: arn };
    },
  },
  {
    method: "DELETE",
    path: "/admin/access-keys/{accessKeyID}",
    summary: "Delete an access key",
    status: 204,
    async run(call) {
      await call.execute(deleteAccessKey, { accessKeyId: pathPart(call, "accessKeyID") });
      return null;
    },
  },
  {
    method: "POST",
    path: "/admin/tokens",
    summary: "Make a bearer and Vault token; it is shown once",
    status: 201,
    body: members({
      principal: principalMember,
      name: { type: "string", about: "what the token is for", max: limits.principalNameChars.value },
      lifetime_seconds: {
        type: "integer",
        about: "how long it lives; for ever when absent",
        min: 1,
        max: maxLifetimeSeconds,
      },
    }),
    async run(call) {
      const arn = principalArn(call, call.body.get<"string">("principal"));
      const seconds = call.body.find<"integer">("lifetime_seconds");
      const { record, token } = await call.execute(createToken, {
        principalArn: arn,
        displayName: call.body.find<"string">("name"),
        lifetimeMs: seconds === undefined ? undefined : seconds * 1000,
      });
      const { accessor, expiresAtMs } = record;
      return {
        token,
        accessor,
        principal: arn,
        ...(expiresAtMs === undefined ? {} : { expires_at: time(expiresAtMs) }),
      };
    },
  },
  {
    method: "DELETE",
    path: "/admin/tokens/{accessor}",
    summary: "Revoke a token",
    status: 204,
    query: principalQuery,
    async run(call) {
      const arn = principalArn(call, call.query.get<"string">("principal"));
      await call.execute(revokeToken, { principalArn: arn, accessor: pathPart(call, "accessor") });
      return null;
    },
  },
  {
    method: "GET",
    path: "/admin/credentials",
    summary: "List the access keys and tokens of a principal, without their secrets",
    status: 200,
    query: principalQuery,
    async run(call) {
      const arn = principalArn(call, call.query.get<"string">("principal"));
      const { accessKeys, tokens } = await call.execute(listCredentials, { principalArn: arn });
      return {
        access_keys: accessKeys.map(({ accessKeyId, active, createdAtMs }) => ({
          access_key_id: accessKeyId,
          active,
          created_at: time(createdAtMs),
        })),
        tokens: tokens.map(({ accessor, displayName, createdAtMs, expiresAtMs }) => ({
          accessor,
          name: displayName,
          created_at: time(createdAtMs),
          ...(expiresAtMs === undefined ? {} : { expires_at: time(expiresAtMs) }),
        })),
      };
    },
  },
  {
    method: "PUT",
    path: "/admin/policies/{name}",
    summary: "Put an identity policy on a principal; the body is the document",
    status: 204,
    query: principalQuery,
    bodyIsDocument: true,
    async run(call) {
      await call.execute(putIdentityPolicy, {
        principalArn: principalArn(call, call.query.get<"string">("principal")),
        name: pathPart(call, "name"),
        document: call.body.get<"string">("document"),
      });
      return null;
    },
  },
  {
    method: "DELETE",
    path: "/admin/policies/{name}",
    summary: "Take an identity policy from a principal",
    status: 204,
    query: principalQuery,
    async run(call) {
      const arn = principalArn(call, call.query.get<"string">("principal"));
      await call.execute(deleteIdentityPolicy, { principalArn: arn, name: pathPart(call, "name") });
      return null;
    },
  },
  {
    method: "GET",
    path: "/admin/policies",
    summary: "List the identity policies of a principal",
    status: 200,
    query: principalQuery,
    async run(call) {
      const arn = principalArn(call, call.query.get<"string">("principal"));
      const { policies } = await call.execute(listIdentityPolicies, { principalArn: arn });
      return { policies: policies.map(({ name, document }) => ({ name, document: JSON.parse(document) as unknown })) };
    },
  },
  {
    method: "PUT",
    path: "/admin/key-policies/{keyID}",
    summary: "Replace a key's policy; the body is the document",
    status: 204,
    bodyIsDocument: true,
    async run(call) {
      const keyId = keyReference(pathPart(call, "keyID"));
      await call.execute(putKeyPolicy, { keyId, policy: call.body.get<"string">("document") });
      return null;
    },
  },
  {
    method: "GET",
    path: "/admin/key-policies/{keyID}",
    summary: "Read a key's policy",
    status: 200,
    async run(call) {
      const { policy } = await call.execute(getKeyPolicy, { keyId: keyReference(pathPart(call, "keyID")) });
      return JSON.parse(policy) as Record<string, unknown>;
    },
  },
  {
    method: "POST",
    path: "/admin/keyring/rotate",
    summary: "Make a new wrapping key and rewrap every stored secret under it",
    status: 200,
    async run(call) {
      const { wrappingKeyId, rewrapped } = await call.execute(rotateKeyring, null);
      return { wrapping_key_id: wrappingKeyId, rewrapped };
    },
  },
];
