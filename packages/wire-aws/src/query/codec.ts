import { type Core, execute, type Operation, type Principal, type RequestContext, ServiceError } from "@coffer/service";
import type { OperationModel, Shape } from "../kms/model-shape.ts";
import { ShapeReaders } from "../kms/read-shape.ts";
import { decodeForm, type FormNode } from "./read-form.ts";
import { writeMembers } from "./write-xml.ts";

/** A service that speaks the AWS query protocol. */
export interface QueryModel {
  /** Of the credential scope. */
  readonly service: "sts" | "iam";
  readonly version: string;
  readonly xmlNamespace: string;
  /** CloudTrail's `eventSource`. */
  readonly eventSource: string;
  /** The region of a service that is everywhere the same. */
  readonly region?: string;
  readonly operations: Readonly<Record<string, OperationModel>>;
  readonly readers: ShapeReaders;
}

/** A request that was read, to be run. Gives the members of the answer in XML, indented by four. */
export type PreparedQuery = (context: RequestContext) => Promise<string>;

/** One operation on the wire. */
export interface QueryRow {
  readonly name: string;
  /** Who calls an operation that takes no signature, from what the form shows. */
  readonly authenticate?: (core: Core, form: FormNode) => Promise<Principal>;
  /** Temporary credentials of a user may not call it (STS: GetSessionToken). */
  readonly refusesUserSessions: boolean;
  /** @throws ServiceError. Nothing was executed nor audited then */
  prepare(core: Core, form: FormNode): PreparedQuery;
}

/** Types of a service's operations. */
type Types<T> = { readonly [N in keyof T]: { readonly input: unknown; readonly output: unknown } };

interface Codec<Input, Output, CoreInput, CoreOutput> {
  readonly operation: Operation<CoreInput, CoreOutput>;
  readonly decode: (input: Input, context: RequestContext) => NoInfer<CoreInput>;
  /** Undefined where the model has no output. */
  readonly encode: (output: CoreOutput, input: Input) => Output;
  readonly authenticate?: (core: Core, input: Input) => Promise<Principal>;
  readonly takesUserSessions?: true;
}

/** An operation of the AWS model that is not built. */
export interface AbsentRow {
  readonly name: string;
  readonly absent: true;
}

/** Every operation of a model by name: those that are built, and the others. */
export function rowsOf(model: QueryModel, built: readonly QueryRow[]): ReadonlyMap<string, QueryRow | AbsentRow> {
  const byName = new Map(built.map((row) => [row.name, row]));
  return new Map(Object.keys(model.operations).map((name) => [name, byName.get(name) ?? { name, absent: true }]));
}

/** Makes the model of a service from its generated tables. */
export function queryModel(
  facts: Omit<QueryModel, "readers"> & { readonly shapes: Readonly<Record<string, Shape>> },
): QueryModel {
  const { shapes, ...rest } = facts;
  return { ...rest, readers: new ShapeReaders(new Map(Object.entries(shapes))) };
}

/** Makes what makes the rows of a service. */
export function codecsOf<T extends Types<T>>(model: QueryModel) {
  return <Name extends keyof T & string, CoreInput, CoreOutput>(
    name: Name,
    codec: Codec<T[Name]["input"], T[Name]["output"], CoreInput, CoreOutput>,
  ): QueryRow => {
    const { input: inputShape, output: outputShape } = modelOf(model, name);
    const shapeOf = (shape: string) => model.readers.shapeOf(shape);
    const check = model.readers.inputReader<T[Name]["input"]>(inputShape);
    const read = (form: FormNode) => check(decodeForm(form, inputShape, shapeOf));
    const { operation, decode, encode, authenticate } = codec;
    return {
      name,
      refusesUserSessions: codec.takesUserSessions !== true,
      ...(authenticate === undefined ? {} : { authenticate: (core, form) => authenticate(core, read(form)) }),
      prepare(core, form) {
        const input = read(form);
        return async (context) => {
          const request = { ...context, eventName: name };
          const output = encode(await execute(core, operation, decode(input, request), request), input);
          return outputShape === undefined ? "" : writeMembers(output as object, outputShape, shapeOf, "    ");
        };
      },
    };
  };
}

function modelOf(model: QueryModel, name: string): OperationModel {
  const operation = new Map(Object.entries(model.operations)).get(name);
  if (operation !== undefined) return operation;
  throw ServiceError.of("NotFound", { resource: "operation", id: name });
}
