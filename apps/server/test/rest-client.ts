import type { ServerUnderTest } from "./server-under-test.ts";

/** An answer of the REST API. */
export interface RestAnswer {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
  readonly body: any;
}

/** Calls the REST API as the account root, or with another token. */
export async function rest(
  server: ServerUnderTest,
  method: string,
  path: string,
  body?: unknown,
  token = server.credentials.token,
): Promise<RestAnswer> {
  const answer = await fetch(new URL(path, server.url), {
    method,
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  return { status: answer.status, headers: answer.headers, body: text === "" ? undefined : JSON.parse(text) };
}

/** Calls the REST API and gives the body; throws unless all is well. */
// biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
export async function restBody(...args: Parameters<typeof rest>): Promise<any> {
  const { status, body } = await rest(...args);
  if (status >= 300) throw new Error(`${args[1]} ${args[2]}: ${status} ${JSON.stringify(body)}`);
  return body;
}

/** A user with an access key and a token. */
export interface TestUser {
  readonly arn: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly token: string;
}

/** Makes a user who may do nothing, or what the actions say, on all keys. */
export async function makeUser(
  server: ServerUnderTest,
  name: string,
  allowed: readonly string[] = [],
): Promise<TestUser> {
  const principal = `user/${name}`;
  const { arn } = await restBody(server, "POST", "/admin/principals", { kind: "user", name });
  const key = await restBody(server, "POST", "/admin/access-keys", { principal });
  const { token } = await restBody(server, "POST", "/admin/tokens", { principal });
  if (allowed.length > 0) {
    const document = { Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: allowed, Resource: "*" }] };
    await restBody(server, "PUT", `/admin/policies/allowed?principal=${principal}`, document);
  }
  return { arn, accessKeyId: key.access_key_id, secretAccessKey: key.secret_access_key, token };
}
