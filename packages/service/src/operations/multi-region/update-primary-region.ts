import { ServiceError } from "../../errors.ts";
import { keyArn } from "../../model/arn.ts";
import { authorize } from "../../pipeline/authorize.ts";
import { checkState } from "../../pipeline/check-state.ts";
import { defineOperation } from "../../pipeline/operation.ts";
import { updateKey } from "../keys/update.ts";
import { activeOnly, type KeyInput, namedKey } from "../shared.ts";
import { changeRelated, requirePrimary } from "./related-keys.ts";

export interface UpdatePrimaryRegionInput extends KeyInput {
  readonly primaryRegion: string;
}

const action = "kms:UpdatePrimaryRegion";
const demand = namedKey<UpdatePrimaryRegionInput>(action, activeOnly, { customerOnly: true });
const conditionsOf = ({ primaryRegion }: UpdatePrimaryRegionInput) => new Map([["kms:primaryregion", [primaryRegion]]]);

/** AWS KMS: UpdatePrimaryRegion. Takes the permission on both keys; both have to be enabled. */
export const updatePrimaryRegion = defineOperation<UpdatePrimaryRegionInput, null>({
  name: "UpdatePrimaryRegion",
  plane: "control",
  readOnly: false,
  keys: [demand],
  conditions: conditionsOf,
  record: ({ keyId, primaryRegion }) => ({ keyId, primaryRegion }),
  async run({ core, keys, input, request, nowMs }) {
    const primary = keys[0]!;
    requirePrimary(primary);
    const { account, keyId, region, multiRegion } = primary.record;
    const { primaryRegion } = input;
    const replica =
      primaryRegion === region || multiRegion?.replicaRegions.includes(primaryRegion) !== true
        ? undefined
        : await core.keys.find(primaryRegion, keyId);
    if (replica === undefined) {
      throw ServiceError.of("NotFound", { resource: "key", id: keyArn(primaryRegion, account, keyId) });
    }
    const conditions = () => conditionsOf(input);
    authorize({ request, action, key: replica, resource: replica.arn, conditions, nowMs });
    checkState(replica, demand, "UpdatePrimaryRegion", input, request, nowMs);
    const others = (multiRegion?.replicaRegions ?? []).filter((other) => other !== primaryRegion);
    const moved = { multiRegion: { primaryRegion, replicaRegions: [...others, region].sort() } };
    await updateKey(core, primary.record, moved, { writes: await changeRelated(core, primary.record, moved) });
    core.onDueChanged(replica.record.rotation.nextAtMs);
    return null;
  },
});
