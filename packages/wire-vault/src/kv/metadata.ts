import {
  deleteSecret,
  listSecrets,
  type MetadataChange,
  readSecretMetadata,
  writeSecretMetadata,
} from "@coffer/service";
import type { RouteHandler, VaultCall } from "../http/call.ts";
import { noContent, ok, type VaultResult } from "../http/envelope.ts";
import { parseCustomMetadata, parseCustomMetadataPatch } from "./custom-metadata.ts";
import { missing, namedSecret } from "./data.ts";
import { metadataInfo } from "./versions.ts";

/** Vault API: KV v2, read secret metadata. */
export const readMetadataRoute: RouteHandler = async (call) => {
  const found = await call.execute(readSecretMetadata, namedSecret(call));
  return found === undefined ? missing : ok(JSON.stringify(metadataInfo(found)));
};

function readChange({ fields }: VaultCall): MetadataChange {
  const maxVersions = fields.integer("max_versions");
  const casRequired = fields.boolean("cas_required");
  const metadataCasRequired = fields.boolean("metadata_cas_required");
  const deleteVersionAfterSeconds = fields.seconds("delete_version_after");
  return {
    ...(maxVersions === undefined ? {} : { maxVersions }),
    ...(casRequired === undefined ? {} : { casRequired }),
    ...(metadataCasRequired === undefined ? {} : { metadataCasRequired }),
    ...(deleteVersionAfterSeconds === undefined ? {} : { deleteVersionAfterSeconds }),
  };
}

/** Parameters by the member that they change. */
const parameters = { casRequired: "cas_required", metadataCasRequired: "metadata_cas_required" } as const;

function warned(overruled: readonly (keyof typeof parameters)[]): VaultResult {
  if (overruled.length === 0) return noContent;
  const warnings = overruled.map(
    (member) => `"${parameters[member]}" set to false, but is mandated by backend config. This value will be ignored.`,
  );
  return { status: 200, data: "null", warnings };
}

/** Whether a call asks for any change at all: without, the original does nothing and says so with a 204. */
function asksForChange({ fields }: VaultCall): boolean {
  return ["cas_required", "custom_metadata", "delete_version_after", "max_versions", "metadata_cas_required"].some(
    (name) => fields.has(name),
  );
}

/** Vault API: KV v2, create or update metadata. */
export const writeMetadataRoute: RouteHandler = async (call) => {
  const secret = namedSecret(call);
  if (!asksForChange(call)) {
    await call.execute(readSecretMetadata, secret);
    return noContent;
  }
  const customMetadata = call.fields.map("custom_metadata");
  const output = await call.execute(writeSecretMetadata, {
    ...secret,
    change: {
      ...readChange(call),
      ...(customMetadata === undefined ? {} : { customMetadata: parseCustomMetadata(customMetadata) }),
    },
    metadataCas: call.fields.integer("metadata_cas"),
    onlyExisting: false,
  });
  return warned(output?.overruled ?? []);
};

/** What a null among the parameters of a patch puts in their place: what was never said. */
const defaults: readonly (readonly [string, MetadataChange])[] = [
  ["cas_required", { casRequired: false }],
  ["custom_metadata", { customMetadata: null }],
  ["delete_version_after", { deleteVersionAfterSeconds: 0 }],
  ["max_versions", { maxVersions: 0 }],
  ["metadata_cas_required", { metadataCasRequired: false }],
];

/** Vault API: KV v2, patch metadata. */
export const patchMetadataRoute: RouteHandler = async (call) => {
  const secret = namedSecret(call);
  const { fields } = call;
  if (!asksForChange(call)) {
    await call.execute(readSecretMetadata, secret);
    return noContent;
  }
  const unset = defaults.filter(([name]) => fields.has(name) && fields.raw(name) === undefined);
  const patch = fields.raw("custom_metadata") === undefined ? undefined : fields.map("custom_metadata");
  const output = await call.execute(writeSecretMetadata, {
    ...secret,
    change: Object.assign({}, readChange(call), ...unset.map(([, change]) => change)) as MetadataChange,
    ...(patch === undefined ? {} : { customMetadataPatch: parseCustomMetadataPatch(patch) }),
    metadataCas: fields.integer("metadata_cas"),
    onlyExisting: true,
  });
  return output === undefined ? { status: 404 } : warned(output.overruled);
};

/** Vault API: KV v2, delete metadata and all versions. */
export const deleteMetadataRoute: RouteHandler = async (call) => {
  await call.execute(deleteSecret, namedSecret(call));
  return noContent;
};

/** The folder that a list is of: empty for the mount itself. */
export function namedFolder(call: VaultCall): string {
  const path = (call.captures[0] ?? "").replace(/\/$/, "");
  return path === "" ? "" : `${path}/`;
}

/** What a list asks for. Its end is cut off only where an answer would get too large, and then it says so. */
export function readList(call: VaultCall, deep: boolean) {
  return {
    mount: call.mount!,
    folder: namedFolder(call),
    after: call.fields.text("after"),
    limit: Math.max(0, call.fields.integer("limit") ?? 0),
    deep,
  };
}

/** The answer to a list: 404 when it is empty, as in the original. */
export function listed(names: readonly string[], more: boolean, details?: string): VaultResult {
  if (names.length === 0) return missing;
  const last = JSON.stringify(names.at(-1));
  const warnings = more ? [`the list ends here because it is long: go on with after=${last}`] : [];
  const keys = `"keys":${JSON.stringify(names)}`;
  return ok(details === undefined ? `{${keys}}` : `{"key_info":${details},${keys}}`, warnings);
}

/** Vault API: KV v2, list secrets, with their metadata when `detailed`. */
export function listMetadataRoute(deep: boolean, detailed: boolean): RouteHandler {
  return async (call) => {
    const { names, more, metadata } = await call.execute(listSecrets, { ...readList(call, deep), detailed });
    if (!detailed) return listed(names, more);
    const infos = names.map((name) => {
      const found = metadata.get(name);
      return [name, found === undefined ? {} : metadataInfo(found)] as const;
    });
    return listed(names, more, JSON.stringify(Object.fromEntries(infos)));
  };
}
