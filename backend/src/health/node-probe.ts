import type { Clock, Dialer } from '../platform/ports.ts';
import { HttpTarget, type HttpOutcome } from './http-target.ts';
import type { ProbeResult } from './node-state.ts';

/** How long a node may take to answer, in milliseconds. */
export const PATIENCE_MS = 500;
/** An answer that is missed later than this, in milliseconds, was not waited for all the time: this process stood still. */
const LATE_MS = 500;

/** Whether kube-proxy works, draining or not (since Kubernetes 1.28). */
const LIVEZ = '/livez';
/** Whether it works and the node isn't being drained; there is nothing else before 1.28 and with Cilium. */
const HEALTHZ = '/healthz';

type Path = typeof LIVEZ | typeof HEALTHZ;

/** `/healthz` answers 503 for a node that is drained: that is the business of the Node object, and its service proxy works. */
const DRAINING = /"nodeEligible"\s*:\s*false/;

export interface NodeProbeDeps {
  readonly clock: Clock;
  readonly dialer: Dialer;
}

export interface NodeProbeOptions {
  /** IP literal of the node. */
  readonly address: string;
  /** TCP port of the service proxy's health server. */
  readonly port: number;
}

/** Asks the service proxy of one node (kube-proxy, or what stands in for it) whether it works. */
export class NodeProbe {
  readonly #clock: Clock;
  readonly #target: HttpTarget;
  #path: Path = LIVEZ;

  constructor(deps: NodeProbeDeps, { address, port }: NodeProbeOptions) {
    this.#clock = deps.clock;
    this.#target = new HttpTarget(deps, { host: address, port });
  }

  /** Asks once and calls back once, after it returns, unless the probe is closed. One at a time. */
  ask(onResult: (result: ProbeResult) => void): void {
    this.#ask(this.#clock.now() + PATIENCE_MS, onResult);
  }

  close(): void {
    this.#target.close();
  }

  #ask(deadline: number, onResult: (result: ProbeResult) => void): void {
    const path = this.#path;
    this.#target.get(path, Math.max(0, deadline - this.#clock.now()), (outcome) => {
      if (path === LIVEZ && outcome.kind === 'response' && outcome.status === 404) {
        this.#path = HEALTHZ;
        return this.#ask(deadline, onResult);
      }
      const late = this.#clock.now() - deadline > LATE_MS;
      const result = probeResult(outcome, path, late);
      // Whatever comes up there next may be newer.
      if (result.kind !== 'well') this.#path = LIVEZ;
      onResult(result);
    });
  }
}

function probeResult(outcome: HttpOutcome, path: Path, late: boolean): ProbeResult {
  switch (outcome.kind) {
    case 'response':
      return responded(outcome.status, outcome.body, path);
    case 'malformed':
      return { kind: 'ailing', status: undefined, why: 'what it answers is no HTTP' };
    case 'refused':
    case 'reset':
      return { kind: 'ailing', status: undefined, why: outcome.error };
    case 'silent':
      return { kind: late ? 'void' : 'silent', why: outcome.error };
    case 'here':
      return { kind: 'void', why: outcome.error };
  }
}

function responded(status: number, body: string, path: Path): ProbeResult {
  const well = (status >= 200 && status < 300) || (path === HEALTHZ && status === 503 && DRAINING.test(body));
  return well ? { kind: 'well', status } : { kind: 'ailing', status, why: `it answers ${status} at ${path}` };
}
