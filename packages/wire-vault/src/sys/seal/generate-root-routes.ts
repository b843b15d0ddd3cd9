import {
  cancelRootGeneration,
  type RootTokenStatus,
  readRootGeneration,
  rootTokenChars,
  startRootGeneration,
  submitRootGenerationShare,
} from "@coffer/service";
import type { RouteHandler } from "../../http/call.ts";
import { noContent, ok, type VaultResult } from "../../http/envelope.ts";
import type { Route } from "../../http/routes.ts";
import { refusePgp } from "./initialize.ts";
import { type MissingWords, readNonce, readSubmitted } from "./rekey-routes.ts";

function statusOf({ started, nonce, progress, required }: RootTokenStatus, otp: string): object {
  return {
    nonce,
    started,
    progress,
    required,
    complete: false,
    encoded_token: "",
    encoded_root_token: "",
    pgp_fingerprint: "",
    otp,
    otp_length: rootTokenChars,
  };
}

const openBaoMissing: MissingWords = { key: "key is required", nonce: "nonce is required" };

function routesOf(prefix: string, bare: boolean): Route[] {
  const answer = (value: object): VaultResult => ({ ...ok(JSON.stringify(value)), repeated: bare });
  const readStatus =
    (otp: string): RouteHandler =>
    async (call) =>
      answer(statusOf(await call.execute(readRootGeneration, null), otp));
  const start: RouteHandler = async (call) => {
    refusePgp(call.fields, ["pgp_key"]);
    const given = call.fields.text("otp");
    const otp = await call.execute(startRootGeneration, { password: given === "" ? undefined : given });
    return readStatus(otp ?? "")(call);
  };
  const update: RouteHandler = async (call) => {
    const submitted = readSubmitted(call, bare ? undefined : openBaoMissing);
    const made = await call.execute(submitRootGenerationShare, submitted);
    const { progress, required } = await call.execute(readRootGeneration, null);
    const encoded = made?.encoded ?? "";
    return answer({
      nonce: submitted.nonce,
      started: true,
      progress: made === undefined ? progress : required,
      required,
      complete: made !== undefined,
      encoded_token: encoded,
      pgp_fingerprint: "",
      ...(bare ? { encoded_root_token: encoded, otp: "", otp_length: 0 } : {}),
    });
  };
  return [
    {
      pattern: `${prefix}/attempt`,
      fields: ["otp", "pgp_key", "nonce"],
      operations: {
        read: readStatus(""),
        update: start,
        delete: async (call) => {
          await call.execute(cancelRootGeneration, { nonce: readNonce(call) });
          return noContent;
        },
      },
      sudo: ["update", "delete"],
    },
    { pattern: `${prefix}/update`, fields: ["key", "nonce"], operations: { update } },
  ];
}

/** Vault API: sys/generate-root; OpenBao: sys/generate-root-token. All need a token (see `rekeyRoutes`). */
export const generateRootRoutes: readonly Route[] = [
  ...routesOf("generate-root", true),
  ...routesOf("generate-root-token", false),
];
