import { parseAuthorization } from "./parse-authorization.ts";
import { parsePresigned } from "./parse-presigned.ts";
import type { ParsedSignature } from "./parsed-signature.ts";
import { refuse, type SignatureRefusal } from "./problem.ts";
import { requestLimits, type SignedRequest } from "./request.ts";

/**
 * Reads the signature of a request, in the Authorization header or in the query, and checks all that can be checked without
 * the secret and the clock. SigV4a and older versions are refused. Never throws.
 *
 * The order of the checks is AWS's as far as it can be seen from outside; the wording of the refusals too.
 *
 * Source: AWS IAM User Guide, "AWS Signature Version 4 for API requests".
 */
export function parseSignature(request: SignedRequest): { ok: true; signature: ParsedSignature } | SignatureRefusal {
  if (request.path.length > requestLimits.pathBytes || request.query.length > requestLimits.queryBytes) {
    return refuse("IncompleteSignature", "The request target is too long to verify its signature.");
  }
  const authorization = request.headers.get("authorization");
  // Anybody may send a query that only mentions this; what matters is that a client that presigned always does.
  const presigned = request.query !== "" && request.query.includes("X-Amz-");
  if (authorization === undefined || authorization === "") {
    return presigned ? parsePresigned(request) : refuseMissing();
  }
  if (presigned && hasParameter(request.query, "X-Amz-Algorithm")) {
    return refuse(
      "InvalidSignature",
      "Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header.",
    );
  }
  return authorization.startsWith("AWS4-") ? parseAuthorization(request, authorization) : refuseMissing();
}

function refuseMissing(): SignatureRefusal {
  return refuse("MissingAuthenticationToken", "Request is missing Authentication Token");
}

function hasParameter(query: string, name: string): boolean {
  return query.split("&").some((piece) => piece === name || piece.startsWith(`${name}=`));
}
