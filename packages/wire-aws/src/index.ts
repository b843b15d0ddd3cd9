export { awsLimits } from "./limits.ts";
export { createAwsWire } from "./wire.ts";
