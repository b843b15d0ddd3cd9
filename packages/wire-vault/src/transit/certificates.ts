import { requestCertificate, setCertificates } from "@coffer/service";
import type { RouteHandler } from "../http/call.ts";
import { ok } from "../http/envelope.ts";
import { type NamedKey, namedKey } from "./key-name.ts";
import { keyProblem } from "./key-problems.ts";

function missing({ name }: NamedKey): string {
  return `key with provided name '${name}' not found`;
}

/** OpenBao API: Transit, sign CSR with key. */
export const csrRoute: RouteHandler = async (call) => {
  const key = namedKey(call);
  const version = call.fields.integer("version");
  const template = call.fields.text("csr") ?? "";
  try {
    const { type, request } = await call.execute(requestCertificate, { keyId: key.alias, version, template });
    return ok(JSON.stringify({ csr: request, name: key.name, type }));
  } catch (error) {
    throw keyProblem(error, key, missing(key));
  }
};

/** OpenBao API: Transit, set certificate chain. */
export const setCertificateRoute: RouteHandler = async (call) => {
  const key = namedKey(call);
  const version = call.fields.integer("version");
  const chain = call.fields.text("certificate_chain") ?? "";
  try {
    const { type } = await call.execute(setCertificates, { keyId: key.alias, version, chain });
    return ok(JSON.stringify({ certificate_chain: chain, name: key.name, type }));
  } catch (error) {
    throw keyProblem(error, key, missing(key));
  }
};
