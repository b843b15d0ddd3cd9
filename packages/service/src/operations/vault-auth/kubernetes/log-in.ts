import type { Core } from "../../../core.ts";
import type { MountRecord } from "../../../model/mount.ts";
import { isSignedBy, parseJws, parsePublicKeyPem } from "../../../vault/jws.ts";
import { type AuthMountInput, loginOperation, refuseInput, refuseLogin } from "../auth-operation.ts";
import { checkNetwork, issueLogin, type VaultLogin } from "../issue-login.ts";
import { fitsGlob } from "../jwt/claims.ts";
import { audiencesOf, claimProblem } from "../jwt/registered-claims.ts";
import { hasLabels, isReviewed } from "./cluster.ts";
import { findKubeConfig, type KubeConfig } from "./kube-config.ts";
import { findKubeRole, type KubeRole } from "./kube-role.ts";
import { parseSelector } from "./namespace-selector.ts";
import { accountOf, type ServiceAccount } from "./service-account.ts";

export interface KubeLoginInput extends AuthMountInput {
  readonly role: string;
  readonly jwt: string;
}

/** What Kubernetes signs tokens with. */
const algorithms: ReadonlySet<string> = new Set(["RS256", "RS384", "RS512", "ES256", "ES384", "ES512"]);

/** Vault API: auth/kubernetes/login. The cluster itself says whether the token is that of a service account. */
export const logInWithKubernetes = loginOperation<KubeLoginInput, VaultLogin>({
  name: "KubernetesLogin",
  readOnly: false,
  record: ({ role }) => ({ role: role.toLowerCase() }),
  recordOutput: ({ record }) => ({ accessor: record.accessor, displayName: record.displayName }),
  async run({ core, input: { mount, role: name, jwt }, request, nowMs }) {
    if (name === "") refuseInput("missing role");
    if (jwt === "") refuseInput("missing jwt");
    const role = (await findKubeRole(core, mount, name))?.value;
    if (role === undefined) refuseInput(`invalid role name ${JSON.stringify(name)}`);
    checkNetwork(mount, role.token, request);
    const config = await findKubeConfig(core, mount);
    if (config === undefined) refuseInput("could not load backend configuration");
    const { account, audiences } = readToken(mount, config, role, jwt, nowMs);
    await checkBound(core, mount, config, role, account);
    const wanted = role.audience === "" ? audiences : [role.audience];
    if (!(await isReviewed(core.outbound, config, jwt, account, wanted))) refuseLogin(mount);
    const meta = {
      role: name,
      service_account_name: account.name,
      service_account_namespace: account.namespace,
      service_account_secret_name: account.secretName,
      service_account_uid: account.uid,
    };
    const aliasName =
      role.aliasNameSource === "serviceaccount_name" ? `${account.namespace}/${account.name}` : account.uid;
    const displayName = `${account.namespace}-${account.name}`;
    const found = { mount, path: "login", params: role.token, displayName, meta, aliasName };
    const { login, writes } = await issueLogin(core, found, request, nowMs);
    await core.commit(writes);
    return login;
  },
});

/** What a token says, verified only where the mount has keys: the cluster is asked afterwards. */
function readToken(mount: MountRecord, config: KubeConfig, role: KubeRole, jwt: string, nowMs: number) {
  const token = parseJws(jwt);
  if (token === undefined || !algorithms.has(token.algorithm)) return refuseLogin(mount);
  const keys = config.pemKeys.flatMap((pem) => parsePublicKeyPem(pem) ?? []);
  if (config.pemKeys.length > 0 && !isSignedBy(token, keys)) refuseLogin(mount);
  const { claims } = token;
  const expected = {
    issuer: config.disableIssValidation ? "" : config.issuer,
    subject: "",
    audiences: role.audience === "" ? [] : [role.audience],
    expirationLeeway: 0,
    notBeforeLeeway: 0,
    clockSkewLeeway: 0,
    timesMayMiss: true,
  };
  const problem = claimProblem(claims, expected, nowMs);
  if (problem !== undefined) refuseLogin(mount, problem);
  const account = accountOf(claims);
  if (account.uid === "") refuseInput("could not parse UID from claims");
  if (account.name === "" || account.namespace === "") {
    refuseInput("service account namespace and name must be set");
  }
  return { account, audiences: audiencesOf(claims) ?? [] };
}

async function checkBound(
  core: Core,
  mount: MountRecord,
  config: KubeConfig,
  { names, namespaces, namespaceSelector }: KubeRole,
  account: ServiceAccount,
): Promise<void> {
  if (!names.some((pattern) => fitsGlob(pattern, account.name))) {
    refuseLogin(mount, "service account name not authorized");
  }
  if (namespaces.some((pattern) => fitsGlob(pattern, account.namespace))) return;
  const selector = namespaceSelector === "" ? undefined : parseSelector(namespaceSelector);
  if (selector !== undefined && (await hasLabels(core.outbound, config, account.namespace, selector))) return;
  refuseLogin(mount, "namespace not authorized");
}
