import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import type { AwsCredentials } from "@coffer/envelope";
import { isRecord } from "./client.ts";
import type { Surroundings } from "./command.ts";

/** What the first start of a server on this machine wrote. */
export interface StoredCredentials {
  readonly endpoint: string | undefined;
  readonly region: string | undefined;
  readonly token: string | undefined;
  /** For the AWS API. */
  readonly credentials: AwsCredentials | undefined;
}

/** @returns undefined when there is nothing of use */
export function readStoredCredentials({
  environment,
  homeDirectory,
  workingDirectory,
}: Surroundings): StoredCredentials | undefined {
  const file = environment["COFFER_CREDENTIALS_FILE"] || resolve(homeDirectory, ".coffer", "credentials.json");
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(resolve(workingDirectory, file), "utf8"));
  } catch {
    return undefined;
  }
  if (!isRecord(value)) return undefined;
  const [accessKeyId, secretAccessKey] = [textOf(value["accessKeyId"]), textOf(value["secretAccessKey"])];
  return {
    endpoint: textOf(value["endpoint"]),
    region: textOf(value["region"]),
    token: textOf(value["token"]),
    credentials:
      accessKeyId === undefined || secretAccessKey === undefined ? undefined : { accessKeyId, secretAccessKey },
  };
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}
