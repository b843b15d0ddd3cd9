export { answerSealed } from "./answer-sealed.ts";
export { awsLimits } from "./limits.ts";
export { createAwsWire } from "./wire.ts";
