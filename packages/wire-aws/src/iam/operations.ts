import { rowsOf } from "../query/codec.ts";
import { emptyRows } from "./empty-listings.ts";
import { iamModel } from "./model.ts";
import { policyRows } from "./policies.ts";
import { principalRows } from "./principals.ts";
import { providerRows } from "./providers.ts";

/** Every operation that is taken of the model, by name. */
export const iamRows = rowsOf(iamModel, [...principalRows, ...policyRows, ...providerRows, ...emptyRows]);
