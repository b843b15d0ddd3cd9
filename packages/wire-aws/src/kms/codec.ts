import { type Core, execute, type Operation, type RequestContext } from "@coffer/service";
import { operations } from "./generated/model.ts";
import type { OperationTypes, RecipientInfo } from "./generated/types.ts";
import { readBody } from "./read-body.ts";
import { inputReader } from "./read-shape.ts";
import { readRecipient } from "./recipient.ts";

/** The name of an operation of the AWS model. */
export type OperationName = keyof OperationTypes & keyof typeof operations;

/** Runs one admitted request and gives the body of its answer. */
export type PreparedCall = () => Promise<string>;

/** One operation of KMS on the wire: its input in, its answer out. */
export interface KmsRow {
  readonly name: OperationName;
  /**
   * Reads a request. Nothing was executed nor audited yet when this throws.
   *
   * @throws ServiceError that the caller is answered with, after it was recorded
   */
  prepare(core: Core, body: Uint8Array, context: RequestContext): PreparedCall;
}

/** How one operation of AWS KMS is put to the core. */
interface Codec<Name extends OperationName, Input, Output> {
  readonly operation: Operation<Input, Output>;
  /** The core's input. Throws ServiceError for what AWS refuses before it looks at any key. */
  readonly decode: (input: OperationTypes[Name]["input"], context: RequestContext) => Input;
  /** What has to be there before the operation looks for its keys. */
  readonly before?: (core: Core, input: Input, request: RequestContext) => Promise<void>;
  /** The body of the answer. Wipes secrets of `output` when it is done with them. */
  readonly encode: (output: Output, input: OperationTypes[Name]["input"]) => string;
  /** Wipes secrets of the input, whatever became of the call. */
  readonly wipe?: (input: OperationTypes[Name]["input"]) => void;
}

/** Whether a request is a dry run that looks at no ciphertext. Without `DryRun` its modifiers mean nothing. */
export function ignoresCiphertext({ DryRun, DryRunModifiers }: RequestOptions): boolean {
  return DryRun === true && DryRunModifiers?.includes("IGNORE_CIPHERTEXT") === true;
}

/** Members that some inputs have and that are about the request, not about the operation. */
interface RequestOptions {
  readonly GrantTokens?: readonly string[] | undefined;
  readonly DryRun?: boolean | undefined;
  readonly DryRunModifiers?: readonly string[] | undefined;
  readonly Recipient?: RecipientInfo | undefined;
}

/** Makes the row of an operation. */
export function defineCodec<Name extends OperationName, Input, Output>(
  name: Name,
  codec: Codec<Name, Input, Output>,
): KmsRow {
  const readInput = inputReader<OperationTypes[Name]["input"]>(operations[name].input);
  const { operation, decode, before, encode, wipe } = codec;
  return {
    name,
    prepare(core, body, context) {
      const input = readInput(readBody(body));
      let coreInput: Input;
      let request: RequestContext;
      try {
        coreInput = decode(input, context);
        request = withOptions(context, input as RequestOptions);
      } catch (error) {
        wipe?.(input);
        throw error;
      }
      return async () => {
        try {
          if (before !== undefined) await before(core, coreInput, request);
          return encode(await execute(core, operation, coreInput, request), input);
        } finally {
          wipe?.(input);
        }
      };
    },
  };
}

/** @throws ServiceError InvalidInput for a recipient without a document */
function withOptions(context: RequestContext, options: RequestOptions): RequestContext {
  const { GrantTokens, DryRun, Recipient } = options;
  if (GrantTokens === undefined && DryRun !== true && Recipient === undefined) return context;
  return {
    ...context,
    ...(GrantTokens === undefined ? {} : { grantTokens: GrantTokens }),
    ...(DryRun === true ? { dryRun: true, dryRunIgnoresCiphertext: ignoresCiphertext(options) } : {}),
    ...(Recipient === undefined ? {} : { recipient: readRecipient(Recipient) }),
  };
}

/** The answer of an operation as JSON, checked against the model's type. */
export function encodeOutput<Name extends OperationName>(output: OperationTypes[Name]["output"]): string {
  return JSON.stringify(output);
}

/** The answer of the operations that have none. */
export function encodeNothing(): string {
  return "";
}
