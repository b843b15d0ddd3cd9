/** A Vault secrets engine mount. */
export interface MountRecord {
  /** Without leading or trailing slash, such as `transit`. */
  readonly path: string;
  readonly type: "transit";
  readonly description: string;
  /** `TYPE_8HEX`, as Vault makes it. */
  readonly accessor: string;
  readonly uuid: string;
  readonly createdAtMs: number;
  readonly revision: number;
}
