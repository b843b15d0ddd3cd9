import type { Outbound } from "../../../ports/outbound.ts";
import type { KubeConfig } from "./kube-config.ts";
import { fitsSelector, type NamespaceSelector } from "./namespace-selector.ts";
import type { ServiceAccount } from "./service-account.ts";

interface TokenReview {
  readonly status?: {
    readonly error?: unknown;
    readonly authenticated?: unknown;
    readonly audiences?: unknown;
    readonly user?: { readonly username?: unknown; readonly uid?: unknown };
  };
}

function ask(outbound: Outbound, { host, caCert }: KubeConfig, path: string, bearer: string, body?: string) {
  return outbound.request({
    url: `${host.replace(/\/$/, "")}${path}`,
    headers: { Authorization: `Bearer ${bearer}`, Accept: "application/json", "Content-Type": "application/json" },
    ...(body === undefined ? {} : { body }),
    ...(caCert === "" ? {} : { caPem: caCert }),
  });
}

/**
 * Whether the cluster knows a token as that of an account, for one of the audiences (Kubernetes API: TokenReview). Any
 * failure means that it does not.
 *
 * @param audiences empty for any
 */
export async function isReviewed(
  outbound: Outbound,
  config: KubeConfig,
  jwt: string,
  account: ServiceAccount,
  audiences: readonly string[],
): Promise<boolean> {
  const spec = { token: jwt, ...(audiences.length === 0 ? {} : { audiences }) };
  const review = { apiVersion: "authentication.k8s.io/v1", kind: "TokenReview", spec };
  const bearer = config.tokenReviewerJwt === "" ? jwt : config.tokenReviewerJwt;
  try {
    const path = "/apis/authentication.k8s.io/v1/tokenreviews";
    const answer = await ask(outbound, config, path, bearer, JSON.stringify(review));
    if (answer.status < 200 || answer.status > 206) return false;
    const { status } = JSON.parse(answer.body) as TokenReview;
    if (status?.authenticated !== true || status.error) return false;
    const given = Array.isArray(status.audiences) ? status.audiences : [];
    if (audiences.length > 0 && !audiences.some((audience) => given.includes(audience))) return false;
    const { username, uid } = status.user ?? {};
    return username === `system:serviceaccount:${account.namespace}:${account.name}` && uid === account.uid;
  } catch {
    return false;
  }
}

/** Whether a namespace has labels; for this the cluster must be asked with a token of its own. */
export async function hasLabels(
  outbound: Outbound,
  config: KubeConfig,
  namespace: string,
  selector: NamespaceSelector,
): Promise<boolean> {
  if (config.tokenReviewerJwt === "") return false;
  try {
    const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}`;
    const { status, body } = await ask(outbound, config, path, config.tokenReviewerJwt);
    return status === 200 && fitsSelector(selector, body);
  } catch {
    return false;
  }
}
