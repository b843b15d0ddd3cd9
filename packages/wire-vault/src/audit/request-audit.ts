import type { Core, VaultAuditMemo } from "@coffer/service";
import type { VaultResult } from "../http/envelope.ts";
import { type AuditedRequest, requestEntry, responseEntry } from "./audit-entries.ts";

/**
 * What the audit devices are told of one request: it, before anything is done, and its answer, before that goes out.
 * Every method throws ServiceError AuditUnavailable when there are devices and none can be written.
 */
export class RequestAudit {
  readonly #core: Core;
  #request: AuditedRequest | undefined;
  #requestIsLogged = false;
  /** Filled by the first entry; nothing that it holds changes after that. */
  readonly #memo: VaultAuditMemo = new WeakMap();

  constructor(core: Core) {
    this.#core = core;
  }

  /** What is known by now of the request; later calls know more. */
  know(request: () => AuditedRequest): void {
    if (!this.#core.auditDevices.isEmpty) this.#request = request();
  }

  async logRequest(): Promise<void> {
    const request = this.#request;
    if (request === undefined) return;
    await this.#core.auditDevices.log(() => requestEntry(request), this.#memo);
    this.#requestIsLogged = true;
  }

  async logAnswer(result: VaultResult): Promise<void> {
    const request = this.#request;
    if (request !== undefined) await this.#core.auditDevices.log(() => responseEntry(request, result), this.#memo);
  }

  /** A refusal: in the request's own entry when it has none yet, else in that of its answer. */
  async logRefusal(errors: readonly string[]): Promise<void> {
    const request = this.#request;
    if (request === undefined) return;
    const error = errors.join("; ").trim() || "not found";
    await this.#core.auditDevices.log(
      () => (this.#requestIsLogged ? responseEntry(request, { status: 0 }, error) : requestEntry(request, error)),
      this.#memo,
    );
  }
}
