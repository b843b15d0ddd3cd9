import { configureKv, readKvConfig } from "@coffer/service";
import type { RouteHandler } from "../http/call.ts";
import { noContent, ok } from "../http/envelope.ts";
import { formatDuration } from "./durations.ts";

/** Vault API: KV v2, read engine configuration. */
export const readConfigRoute: RouteHandler = async (call) => {
  const config = await call.execute(readKvConfig, { mount: call.mount! });
  return ok(
    JSON.stringify({
      cas_required: config.casRequired,
      delete_version_after: formatDuration(config.deleteVersionAfterSeconds),
      max_versions: config.maxVersions,
      metadata_cas_required: config.metadataCasRequired,
    }),
  );
};

/** Vault API: KV v2, configure the engine. A negative `delete_version_after` switches it off for all secrets. */
export const writeConfigRoute: RouteHandler = async (call) => {
  const { fields } = call;
  const maxVersions = fields.integer("max_versions");
  const casRequired = fields.boolean("cas_required");
  const metadataCasRequired = fields.boolean("metadata_cas_required");
  const after = fields.signedSeconds("delete_version_after");
  const change = {
    ...(maxVersions === undefined ? {} : { maxVersions }),
    ...(casRequired === undefined ? {} : { casRequired }),
    ...(metadataCasRequired === undefined ? {} : { metadataCasRequired }),
    ...(after === undefined ? {} : { deleteVersionAfterSeconds: Math.max(-1, after) }),
  };
  await call.execute(configureKv, { mount: call.mount!, change });
  return noContent;
};
