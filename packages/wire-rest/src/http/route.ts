import { type Core, execute, type Operation, type RequestContext } from "@coffer/service";
import type { InferObject, IntegerSchema, ObjectSchema, Schema, TextSchema } from "./schema.ts";

export type RestMethod = "GET" | "POST" | "PUT" | "DELETE";

/** A parameter in the path or the query. */
export interface Parameter {
  readonly name: string;
  readonly in: "path" | "query";
  readonly required: boolean;
  readonly schema: TextSchema | IntegerSchema;
}

/** What a route answers when all is well. */
export interface RestResult {
  readonly status: number;
  /** JSON text; absent answers without a body. */
  readonly json?: string;
}

/** A result with a JSON body. */
export function answer(status: number, value: object): RestResult {
  return { status, json: JSON.stringify(value) };
}

/** Done, with nothing to say. */
export const noContent: RestResult = { status: 204 };

/** One request on its way through a route: checked, and authenticated unless the route is public. */
export class RestCall<Body> {
  readonly core: Core;
  readonly context: RequestContext;
  readonly body: Body;
  /** The body as it was sent. */
  readonly bodyText: string;
  readonly #parameters: ReadonlyMap<string, string | number>;
  #audited = false;

  constructor(parts: {
    readonly core: Core;
    readonly context: RequestContext;
    readonly body: Body;
    readonly bodyText: string;
    readonly parameters: ReadonlyMap<string, string | number>;
  }) {
    this.core = parts.core;
    this.context = parts.context;
    this.body = parts.body;
    this.bodyText = parts.bodyText;
    this.#parameters = parts.parameters;
  }

  /** Whether an operation ran, and with it left its audit record. */
  get audited(): boolean {
    return this.#audited;
  }

  /** A text parameter of the path or query; undefined when it was left out. */
  text(name: string): string | undefined {
    const value = this.#parameters.get(name);
    return typeof value === "string" ? value : undefined;
  }

  /** A text parameter that the route requires. */
  requiredText(name: string): string {
    return this.text(name) ?? "";
  }

  /** A number parameter of the query; undefined when it was left out and has no default. */
  integer(name: string): number | undefined {
    const value = this.#parameters.get(name);
    return typeof value === "number" ? value : undefined;
  }

  /** Runs an operation of the core. @throws ServiceError */
  execute<Input, Output>(operation: Operation<Input, Output>, input: Input): Promise<Output> {
    this.#audited = true;
    return execute(this.core, operation, input, this.context);
  }
}

/** What is told of a route beside its code. */
interface RouteFacts {
  readonly method: RestMethod;
  /** OpenAPI's path template: `/keys/{keyID}`. */
  readonly path: string;
  readonly operationId: string;
  readonly tag: "keys" | "crypto" | "audit" | "admin";
  readonly summary: string;
  readonly parameters?: readonly Parameter[];
  /** The success answer. */
  readonly answers: { readonly status: number; readonly description: string; readonly schema?: Schema };
}

/** One endpoint. */
export interface RestRoute extends RouteFacts {
  /** What the body must be; absent routes take no members. */
  readonly body?: ObjectSchema;
  /** The body is a document that the operation itself reads, such as a policy. */
  readonly document?: { readonly description: string; readonly example: unknown };
  readonly handler: (call: RestCall<never>) => Promise<RestResult>;
}

const noBody: ObjectSchema = { type: "object", properties: {}, required: [], additionalProperties: false };

/** The schema of a route's body. */
export function bodySchema(route: RestRoute): ObjectSchema {
  return route.body ?? noBody;
}

/** Declares a route with a checked JSON body. */
export function defineRoute<const B extends ObjectSchema>(
  facts: RouteFacts & { readonly body: B },
  handler: (call: RestCall<InferObject<B>>) => Promise<RestResult>,
): RestRoute {
  return { ...facts, handler };
}

/** Declares a route without a body, or with a document for one. */
export function definePlainRoute(
  facts: RouteFacts & Pick<RestRoute, "document">,
  handler: (call: RestCall<unknown>) => Promise<RestResult>,
): RestRoute {
  return { ...facts, handler };
}
