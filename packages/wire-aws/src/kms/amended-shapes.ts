import { shapes as modelled } from "./generated/model.ts";
import type { Shape } from "./model-shape.ts";

/** Where Coffer takes more than the model of AWS KMS says, on purpose: docs/divergences/aws-kms.md. */
const amendments: Readonly<Record<string, Shape>> = {
  // AWS KMS speaks to port 443 alone; a proxy of one's own is often elsewhere.
  XksProxyUriEndpointType: {
    ...modelled.XksProxyUriEndpointType,
    pattern: "^https://[a-zA-Z0-9.-]+(:[0-9]{1,5})?$",
  },
};

/** Every shape by its name. */
export const shapesByName: ReadonlyMap<string, Shape> = new Map<string, Shape>(
  Object.entries({ ...modelled, ...amendments }),
);
