import { createOidcProvider, deleteOidcProvider, listOidcProviders, type OidcProviderRecord } from "@coffer/service";
import { answer, definePlainRoute, defineRoute, noContent, type RestRoute } from "../http/route.ts";
import { isoTime } from "./key-format.ts";

const tag = "admin";

const audiencesSchema = {
  type: "array",
  description: "Audiences (client ids) whose tokens are accepted.",
  items: { type: "string", minLength: 1, maxLength: 255, description: "An audience." },
} as const;

const providerAnswer = {
  type: "object",
  properties: {
    arn: { type: "string", description: "ARN of the provider, for trust policies (Principal: Federated)." },
    url: { type: "string", description: "Issuer of its tokens." },
    audiences: audiencesSchema,
    created_at: { type: "string", format: "date-time", description: "When it was made." },
  },
  required: ["arn", "url", "audiences", "created_at"],
  additionalProperties: false,
} as const;

function format({ arn, url, clientIds, createdAtMs }: OidcProviderRecord) {
  return { arn, url: `https://${url}`, audiences: clientIds, created_at: isoTime(createdAtMs) };
}

const create = defineRoute(
  {
    method: "POST",
    path: "/admin/identity-providers",
    operationId: "createIdentityProvider",
    tag,
    summary: "Trust an OpenID Connect issuer: roles may be assumed with its tokens, where their trust policies say so",
    body: {
      type: "object",
      properties: {
        url: {
          type: "string",
          minLength: 1,
          maxLength: 255,
          description: "Issuer: https://HOST/PATH",
        },
        audiences: audiencesSchema,
      },
      required: ["url"],
      additionalProperties: false,
      examples: [{ url: "https://token.actions.githubusercontent.com", audiences: ["sts.amazonaws.com"] }],
    },
    answers: { status: 201, description: "The provider is made.", schema: providerAnswer },
  },
  async (call) => {
    const { url, audiences: clientIds } = call.body;
    return answer(201, format((await call.execute(createOidcProvider, { url, clientIds })).provider));
  },
);

const list = definePlainRoute(
  {
    method: "GET",
    path: "/admin/identity-providers",
    operationId: "listIdentityProviders",
    tag,
    summary: "List the OpenID Connect issuers that are trusted",
    answers: {
      status: 200,
      description: "The providers.",
      schema: {
        type: "object",
        properties: { providers: { type: "array", description: "Providers.", items: providerAnswer } },
        required: ["providers"],
        additionalProperties: false,
      },
    },
  },
  async (call) => {
    const { providers } = await call.execute(listOidcProviders, null);
    return answer(200, { providers: providers.map(format) });
  },
);

const remove = definePlainRoute(
  {
    method: "DELETE",
    path: "/admin/identity-providers",
    operationId: "deleteIdentityProvider",
    tag,
    summary: "Trust an OpenID Connect issuer no more; sessions that there are go on",
    parameters: [
      {
        // Not in the path, which takes no empty segments: a URL has one.
        name: "provider",
        in: "query",
        required: true,
        schema: {
          type: "string",
          minLength: 1,
          maxLength: 512,
          description: "URL or ARN of the provider.",
          examples: ["https://token.actions.githubusercontent.com"],
        },
      },
    ],
    answers: { status: 204, description: "It is gone." },
  },
  async (call) => {
    const text = call.requiredText("provider");
    const issuer = text.replace(/^https:\/\//, "").replace(/\/$/, "");
    const { account } = call.context.principal;
    const providerArn = text.startsWith("arn:") ? text : `arn:aws:iam::${account}:oidc-provider/${issuer}`;
    await call.execute(deleteOidcProvider, { providerArn });
    return noContent;
  },
);

/** OpenID Connect providers. */
export const identityProviderRoutes: readonly RestRoute[] = [create, list, remove];
