import { byName, listingOfNothing, ServiceError } from "@coffer/service";
import { codecsOf, type QueryRow } from "../query/codec.ts";
import type { OperationTypes } from "./generated/types.ts";
import { iamModel } from "./model.ts";

const user = "user" as const;
const role = "role" as const;
const define = codecsOf<OperationTypes>(iamModel);

const end = { IsTruncated: false } as const;

function refuseLoginProfile(userName = ""): never {
  const reason = `Login Profile for User ${userName} cannot be found.`;
  throw ServiceError.of("NotFound", { resource: "principal", id: userName, reason });
}

/**
 * What IAM has and Coffer has not, answered as for a user or role without any: Terraform asks for all of it before it
 * deletes one.
 */
export const emptyRows: readonly QueryRow[] = [
  define("ListGroupsForUser", {
    operation: byName(listingOfNothing("ListGroupsForUser")),
    decode: ({ UserName }) => ({ kind: user, name: UserName }),
    encode: () => ({ Groups: [], ...end }),
  }),
  define("ListInstanceProfilesForRole", {
    operation: byName(listingOfNothing("ListInstanceProfilesForRole")),
    decode: ({ RoleName }) => ({ kind: role, name: RoleName }),
    encode: () => ({ InstanceProfiles: [], ...end }),
  }),
  define("ListMFADevices", {
    operation: byName(listingOfNothing("ListMFADevices")),
    decode: ({ UserName }) => ({ kind: user, name: UserName }),
    encode: () => ({ MFADevices: [], ...end }),
  }),
  define("ListSSHPublicKeys", {
    operation: byName(listingOfNothing("ListSSHPublicKeys")),
    decode: ({ UserName }) => ({ kind: user, name: UserName }),
    encode: () => ({ SSHPublicKeys: [], ...end }),
  }),
  define("ListSigningCertificates", {
    operation: byName(listingOfNothing("ListSigningCertificates")),
    decode: ({ UserName }) => ({ kind: user, name: UserName }),
    encode: () => ({ Certificates: [], ...end }),
  }),
  define("ListServiceSpecificCredentials", {
    operation: byName(listingOfNothing("ListServiceSpecificCredentials")),
    decode: ({ UserName }) => ({ kind: user, name: UserName }),
    encode: () => ({ ServiceSpecificCredentials: [] }),
  }),
  define("GetLoginProfile", {
    operation: byName(listingOfNothing("GetLoginProfile")),
    decode: ({ UserName }) => ({ kind: user, name: UserName }),
    encode: (_output, { UserName }) => refuseLoginProfile(UserName),
  }),
  define("DeleteLoginProfile", {
    operation: byName(listingOfNothing("DeleteLoginProfile")),
    decode: ({ UserName }) => ({ kind: user, name: UserName }),
    encode: (_output, { UserName }) => refuseLoginProfile(UserName),
  }),
];
