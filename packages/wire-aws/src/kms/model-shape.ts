/** Length or value limits of a shape, both inclusive. */
interface Bounds {
  readonly min?: number;
  readonly max?: number;
}

/** A shape of the AWS model: what may stand on the wire. Structures and lists name other shapes. */
export type Shape =
  | (Bounds & {
      readonly type: "string";
      /** A regular expression for the whole value. */
      readonly pattern?: string;
      readonly enum?: readonly string[];
      readonly sensitive?: true;
    })
  | (Bounds & { readonly type: "blob"; readonly sensitive?: true })
  | (Bounds & { readonly type: "integer" })
  | { readonly type: "boolean" }
  /** Seconds since the epoch, as a JSON number. */
  | { readonly type: "timestamp" }
  | (Bounds & { readonly type: "list"; readonly member: string })
  | { readonly type: "map"; readonly key: string; readonly value: string }
  | {
      readonly type: "structure";
      readonly required: readonly string[];
      /** Shape name by member name. */
      readonly members: Readonly<Record<string, string>>;
    };

/** One operation of the AWS model. */
export interface OperationModel {
  /** The name of a structure. */
  readonly input: string;
  /** Absent when the answer has no body. */
  readonly output?: string;
  /** The errors that the model lists; those that every operation can answer are not among them. */
  readonly errors: readonly string[];
}
