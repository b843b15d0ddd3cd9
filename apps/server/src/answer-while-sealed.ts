import type { WireAnswer, WireRequest } from "@coffer/service";
import { answerSealed as answerSealedAws } from "@coffer/wire-aws";
import { answerSealed as answerSealedRest } from "@coffer/wire-rest";
import { answerSealed as answerSealedVault, type SealState } from "@coffer/wire-vault";
import { answerSealed as answerSealedXks } from "@coffer/wire-xks";
import { type Wires, wireOf } from "./dispatch.ts";
import { version } from "./version.ts";

const answers: Readonly<Record<keyof Wires, (request: WireRequest, state: SealState) => WireAnswer>> = {
  aws: (request) => answerSealedAws(request),
  vault: (request) => answerSealedVault(request),
  rest: (request, state) => answerSealedRest(request, state, version),
  xks: () => answerSealedXks(),
};

/** The answer of each API while there is no open core. */
export function answerWhileSealed(request: WireRequest, state: SealState): WireAnswer {
  return answers[wireOf(request.path)](request, state);
}
