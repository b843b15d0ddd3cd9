import { deleteVersions, destroyVersions, readKvConfig, secretsArea, undeleteVersions } from "@coffer/service";
import type { RouteHandler, VaultOperation } from "../http/call.ts";
import { noContent } from "../http/envelope.ts";
import type { Route, RoutePath } from "../http/routes.ts";
import { readConfigRoute, writeConfigRoute } from "./config.ts";
import {
  deleteDataRoute,
  missing,
  namedSecret,
  patchDataRoute,
  readDataRoute,
  refuse,
  writeDataRoute,
} from "./data.ts";
import {
  deleteMetadataRoute,
  listMetadataRoute,
  patchMetadataRoute,
  readMetadataRoute,
  writeMetadataRoute,
} from "./metadata.ts";
import { readSubkeysRoute } from "./subkeys.ts";

async function secretExists({ core, mount, captures }: RoutePath): Promise<boolean> {
  return (await core.vaultEntries.get(secretsArea(mount!), captures[0]!)) !== undefined;
}

type VersionsOperation = typeof deleteVersions;

/** Vault API: KV v2, delete, undelete or destroy secret versions. */
function versionsRoute(operation: VersionsOperation, absent: string): RouteHandler {
  return async (call) => {
    const versions = call.fields.integers("versions");
    if (versions.length === 0) refuse(absent);
    await call.execute(operation, { ...namedSecret(call), versions });
    return noContent;
  };
}

const cliWords: Readonly<Record<VaultOperation, string>> = {
  update: "put",
  patch: "patch",
  read: "get",
  list: "list",
  scan: "scan",
  delete: "delete",
};

/** What there is nothing for: 404 with a hint instead of an error, as in the original (`pathInvalid`). */
function nothingRoute(hint: string, isRoot = false): RouteHandler {
  return async (call) => {
    await call.execute(readKvConfig, { mount: call.mount! }, "ReadNothing");
    if (isRoot && call.request.path.endsWith("/")) return missing;
    return { status: 404, data: "null", warnings: [hint] };
  };
}

const atRoot = nothingRoute("Non-listing operations on the root of a K/V v2 mount are not supported.", true);
const rootOperations = { read: atRoot, update: atRoot, patch: atRoot, delete: atRoot };

function elsewhere(operation: VaultOperation): RouteHandler {
  const cli = `If using the OpenBao CLI, use 'bao kv ${cliWords[operation]}' for this operation.`;
  return nothingRoute(
    `Invalid path for a versioned K/V secrets engine. See the API docs for the appropriate API endpoints to use. ${cli}`,
  );
}

const listFields = ["after", "limit"];
const metadataFields = [
  "cas_required",
  "custom_metadata",
  "delete_version_after",
  "max_versions",
  "metadata_cas",
  "metadata_cas_required",
  ...listFields,
];
const lists = { list: listMetadataRoute(false, false), scan: listMetadataRoute(true, false) };
const detailedLists = { list: listMetadataRoute(false, true), scan: listMetadataRoute(true, true) };
const noVersions = "No version number provided";

/** The endpoints of a mount of KV version 2 (OpenBao, builtin/logical/kv). */
export const kvRoutes: readonly Route[] = [
  {
    pattern: "data/*",
    fields: ["data", "options", "version"],
    operations: { read: readDataRoute, update: writeDataRoute, patch: patchDataRoute, delete: deleteDataRoute },
    slash: true,
    exists: secretExists,
  },
  {
    pattern: "metadata/*",
    fields: metadataFields,
    operations: {
      ...lists,
      read: readMetadataRoute,
      update: writeMetadataRoute,
      patch: patchMetadataRoute,
      delete: deleteMetadataRoute,
    },
    slash: true,
    exists: secretExists,
  },
  { pattern: "detailed-metadata/*", fields: listFields, operations: detailedLists, slash: true },
  {
    pattern: "delete/*",
    fields: ["versions"],
    operations: { update: versionsRoute(deleteVersions, noVersions) },
    slash: true,
  },
  {
    pattern: "undelete/*",
    fields: ["versions"],
    operations: { update: versionsRoute(undeleteVersions, noVersions) },
    slash: true,
  },
  {
    pattern: "destroy/*",
    fields: ["versions"],
    operations: { update: versionsRoute(destroyVersions, "no version number provided") },
    slash: true,
  },
  { pattern: "subkeys/*", fields: ["depth", "version"], operations: { read: readSubkeysRoute }, slash: true },
  {
    pattern: "config",
    fields: ["cas_required", "delete_version_after", "max_versions", "metadata_cas_required"],
    operations: { read: readConfigRoute, update: writeConfigRoute },
  },
  { pattern: "metadata", fields: listFields, operations: { ...rootOperations, ...lists }, slash: true },
  {
    pattern: "detailed-metadata",
    fields: listFields,
    operations: { ...rootOperations, ...detailedLists },
    slash: true,
  },
  { pattern: "data", fields: [], operations: rootOperations, anyFields: true, slash: true },
  { pattern: "delete", fields: [], operations: rootOperations, anyFields: true, slash: true },
  { pattern: "undelete", fields: [], operations: rootOperations, anyFields: true, slash: true },
  { pattern: "destroy", fields: [], operations: rootOperations, anyFields: true, slash: true },
  {
    pattern: "*",
    fields: [],
    operations: {
      read: elsewhere("read"),
      update: elsewhere("update"),
      patch: elsewhere("patch"),
      delete: elsewhere("delete"),
      list: elsewhere("list"),
      scan: elsewhere("scan"),
    },
    slash: true,
    anyFields: true,
  },
];

const upgradingRoute: RouteHandler = async (call) => {
  await call.execute(readKvConfig, { mount: call.mount! }, "ReadNothing");
  return refuse(
    "Upgrading from non-versioned to versioned data. This backend will be unavailable for a brief period and will resume service shortly.",
  );
};

/** The endpoints of a mount whose secrets are being made versions. */
export const upgradingKvRoutes: readonly Route[] = [
  {
    pattern: "*",
    fields: [],
    operations: {
      read: upgradingRoute,
      update: upgradingRoute,
      patch: upgradingRoute,
      delete: upgradingRoute,
      list: upgradingRoute,
      scan: upgradingRoute,
    },
    slash: true,
    anyFields: true,
  },
];
