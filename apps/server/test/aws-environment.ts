import type { ServerUnderTest } from "./server-under-test.ts";

/** What every AWS SDK and tool reads to find Coffer as the account root, and nothing else. */
export function awsEnvironment(server: ServerUnderTest): Record<string, string> {
  const { accessKeyId, secretAccessKey, region } = server.credentials;
  return {
    AWS_ENDPOINT_URL: server.url,
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
  };
}
