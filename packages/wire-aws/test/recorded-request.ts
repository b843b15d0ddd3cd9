import { type AwsTest, base64, type Json } from "./aws-client.ts";

/**
 * What AWS KMS answered to the requests of LocalStack's tests that are marked as validated against AWS
 * (github.com/localstack/localstack, tests/aws/services/kms/test_kms.snapshot.json, Apache-2.0; recorded from
 * 2023-04-13 to 2026-02-09). The facts alone are here, in a form of our own.
 */
export interface RecordedAnswer {
  /** The recording: its test, and the member of its snapshot. */
  readonly source: string;
  readonly ask: (aws: AwsTest) => Promise<RecordedRequest>;
}

export interface RecordedRequest {
  readonly operation: string;
  readonly input: Json;
  readonly region?: string;
  /** An error's name with its message (none where AWS sent none), or all members of a success. */
  readonly expected: RecordedError | { readonly members: Json };
}

export interface RecordedError {
  readonly type: string;
  readonly message?: string;
}

/** Stands for a value that differs from call to call. */
export const some = { text: /./, time: "time" } as const;

export type Ask = RecordedAnswer["ask"];

export const text = base64("some important message");
export const validationError = (message: string): RecordedError => ({ type: "ValidationException", message });

/** A request that needs nothing before it. */
export const plain =
  (operation: string, input: Json, expected: RecordedError): Ask =>
  async () => ({ operation, input, expected });

/** A request about a new key: the input and the error as that key makes them. */
export const ofKey =
  (
    key: Json,
    operation: string,
    input: Json,
    expected: (arn: string) => RequestExpectation,
    before?: (aws: AwsTest, KeyId: string) => Promise<unknown>,
  ): Ask =>
  async (aws) => {
    const { KeyId, Arn } = await aws.createKey(key);
    await before?.(aws, KeyId);
    return { operation, input: { KeyId, ...input }, expected: expected(Arn) };
  };

export type RequestExpectation = RecordedRequest["expected"];
