import { configureTransit, readTransitSettings, ServiceError } from "@coffer/service";
import type { RouteHandler } from "../http/call.ts";
import { ok } from "../http/envelope.ts";

/** OpenBao API: Transit, read keys configuration. */
export const readKeysConfig: RouteHandler = async (call) => {
  const { disableUpsert } = await call.execute(readTransitSettings, { mount: call.mount! });
  return ok(`{"disable_upsert":${disableUpsert}}`);
};

/** OpenBao API: Transit, write keys configuration. */
export const writeKeysConfig: RouteHandler = async (call) => {
  const change = { disableUpsert: call.fields.boolean("disable_upsert") ?? false };
  const { disableUpsert } = await call.execute(configureTransit, { mount: call.mount!, change });
  return ok(`{"disable_upsert":${disableUpsert}}`);
};

/** Vault API: Transit, read cache configuration. */
export const readCacheConfig: RouteHandler = async (call) => {
  const { cacheSize } = await call.execute(readTransitSettings, { mount: call.mount! });
  return ok(`{"size":${cacheSize}}`);
};

/** Vault API: Transit, configure cache. */
export const writeCacheConfig: RouteHandler = async (call) => {
  const cacheSize = call.fields.integer("size") ?? 0;
  if (cacheSize < 0) {
    const reason = "size must be 0 or a value greater or equal to 10";
    throw ServiceError.of("InvalidInput", { kind: "validation", reason });
  }
  const settings = await call.execute(configureTransit, { mount: call.mount!, change: { cacheSize } });
  return ok(`{"size":${settings.cacheSize}}`);
};
