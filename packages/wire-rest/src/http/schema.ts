/** The part of JSON Schema (2020-12) that this API needs: it checks requests and describes them in OpenAPI. */
export interface TextSchema {
  readonly type: "string";
  readonly description: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
  readonly enum?: readonly string[];
  readonly format?: string;
  readonly default?: string;
  readonly examples?: readonly string[];
}

export interface IntegerSchema {
  readonly type: "integer";
  readonly description: string;
  readonly minimum: number;
  readonly maximum: number;
  readonly default?: number;
  readonly examples?: readonly number[];
}

export interface BooleanSchema {
  readonly type: "boolean";
  readonly description: string;
}

/** An object with names of the caller's own and text values. */
export interface TextMapSchema {
  readonly type: "object";
  readonly description: string;
  readonly maxProperties: number;
  readonly additionalProperties: { readonly type: "string"; readonly maxLength?: number };
  readonly examples?: readonly Readonly<Record<string, string>>[];
}

/** An object that is checked elsewhere, such as a policy document. */
export interface DocumentSchema {
  readonly type: "object";
  readonly description: string;
  readonly additionalProperties: true;
  readonly examples?: readonly unknown[];
}

export interface ArraySchema {
  readonly type: "array";
  readonly description: string;
  readonly items: Schema;
}

/** An object whose members are known; others are refused. */
export interface ObjectSchema {
  readonly type: "object";
  readonly description?: string;
  readonly properties: Readonly<Record<string, Schema>>;
  readonly required: readonly string[];
  readonly additionalProperties: false;
  readonly examples?: readonly unknown[];
}

export type Schema =
  | TextSchema
  | IntegerSchema
  | BooleanSchema
  | TextMapSchema
  | DocumentSchema
  | ArraySchema
  | ObjectSchema;

/** The type of what fits a schema. */
export type Infer<S> = S extends ObjectSchema
  ? InferObject<S>
  : S extends TextSchema
    ? string
    : S extends IntegerSchema
      ? number
      : S extends BooleanSchema
        ? boolean
        : S extends TextMapSchema
          ? Readonly<Record<string, string>>
          : S extends ArraySchema
            ? readonly Infer<S["items"]>[]
            : unknown;

/** The type of an object that fits a schema. */
export type InferObject<S extends ObjectSchema> = {
  readonly [K in keyof S["properties"] as K extends S["required"][number] ? K : never]: Infer<S["properties"][K]>;
} & {
  readonly [K in keyof S["properties"] as K extends S["required"][number] ? never : K]?: Infer<S["properties"][K]>;
};
