import type { WireAnswer } from "@coffer/service";
import { type Wires, wireOf } from "./dispatch.ts";
import { type AdapterError, type AdapterErrorRequest, describeAsProblem } from "./http/adapter-errors.ts";

/** The body of an error that the adapter answers by itself, as each API words its errors. */
const shapes: Readonly<Record<keyof Wires, (error: AdapterError, request: AdapterErrorRequest) => WireAnswer>> = {
  aws: (error, { requestId }) => ({
    status: error.status,
    headers: { "Content-Type": "application/x-amz-json-1.1", "x-amzn-RequestId": requestId },
    body: JSON.stringify({ __type: awsType(error.status), message: error.detail }),
  }),
  vault: (error) => ({
    status: error.status,
    headers: { "Content-Type": "application/json" },
    body: `${JSON.stringify({ errors: [error.detail] })}\n`,
  }),
  rest: describeAsProblem,
  xks: (error) => ({
    status: error.status,
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ errorName: xksName(error.status), errorMessage: error.detail }),
  }),
};

function xksName(status: number): string {
  if (status === 503) return "DependencyTimeoutException";
  return status >= 500 ? "InternalException" : "ValidationException";
}

function awsType(status: number): string {
  if (status === 413) return "RequestEntityTooLargeException";
  if (status === 503) return "ServiceUnavailableException";
  return status === 500 ? "KMSInternalException" : "SerializationException";
}

/** Puts an adapter error in the shape of the API that its path belongs to; a request without a path gets REST's. */
export function describeForWire(error: AdapterError, request: AdapterErrorRequest): WireAnswer {
  const wire = request.path === undefined ? "rest" : wireOf(request.path);
  return shapes[wire](error, request);
}
