import { describeKeyring, rotateKeyring, sealInstance, stepDown } from "@coffer/service";
import type { RouteHandler } from "../../http/call.ts";
import { noContent, ok } from "../../http/envelope.ts";
import type { Route } from "../../http/routes.ts";
import { generateRootRoutes } from "./generate-root-routes.ts";
import { rekeyRoutes } from "./rekey-routes.ts";

/** Vault API: sys/seal. */
const sealRoute: RouteHandler = async (call) => {
  await call.execute(sealInstance, null);
  return noContent;
};

/** Vault API: sys/step-down. */
const stepDownRoute: RouteHandler = async (call) => {
  await call.execute(stepDown, null);
  return noContent;
};

/** Vault API: sys/key-status. Every wrap has a key of its own, so none is worn out and none is counted. */
const keyStatusRoute: RouteHandler = async (call) => {
  const { term, createdAtMs } = await call.execute(describeKeyring, null);
  const status = { term, install_time: new Date(createdAtMs).toISOString(), encryptions: 0 };
  return { ...ok(JSON.stringify(status)), repeated: true };
};

/** Vault API: sys/rotate, sys/rotate/keyring. */
const rotateRoute: RouteHandler = async (call) => {
  await call.execute(rotateKeyring, null);
  return noContent;
};

/** What is done to the seal and the keyring of an open instance. */
export const sealRoutes: readonly Route[] = [
  { pattern: "seal", fields: [], operations: { update: sealRoute }, sudo: ["update"] },
  { pattern: "step-down", fields: [], operations: { update: stepDownRoute }, sudo: ["update"] },
  { pattern: "key-status", fields: [], operations: { read: keyStatusRoute } },
  { pattern: "rotate", fields: [], operations: { update: rotateRoute }, sudo: ["update"] },
  { pattern: "rotate/keyring", fields: [], operations: { update: rotateRoute }, sudo: ["update"] },
  ...rekeyRoutes,
  ...generateRootRoutes,
];
