import type { Clock, Dialer } from '../platform/ports.ts';
import { netFailure } from './net-failure.ts';

/** What was seen of a host: a sign of life, none, or `unsure` if this side was at fault. */
export type Sighting = 'host' | 'nothing' | 'unsure';

export interface HostWitnessDeps {
  readonly clock: Clock;
  readonly dialer: Dialer;
}

export interface HostWitnessOptions {
  /** TCP port that is tried. */
  readonly port: number;
  readonly timeoutMs: number;
}

/** An attempt that its timer ended later than this was held up here, and an answer may lie unread. */
const LATE_MS = 50;

/**
 * Looks for a sign of life of hosts that is independent of what is asked otherwise: whether the kernel there answers an attempt to
 * open a TCP connection, be it that it is accepted or refused. Nothing is sent over it.
 */
export class HostWitness {
  readonly #deps: HostWitnessDeps;
  readonly #options: HostWitnessOptions;

  constructor(deps: HostWitnessDeps, options: HostWitnessOptions) {
    this.#deps = deps;
    this.#options = options;
  }

  /** Calls back once, after this returns. */
  ask(host: string, onSighting: (sighting: Sighting) => void): void {
    const { clock, dialer } = this.#deps;
    const { timeoutMs } = this.#options;
    const asked = clock.now();
    let connected = false;
    const connection = dialer.dial(
      { host, ...this.#options },
      {
        onConnect: () => {
          connected = true;
          connection.destroy();
        },
        onData: () => {},
        onDrain: () => {},
        onClose: (error) => {
          const late = clock.now() - asked > timeoutMs + LATE_MS;
          onSighting(connected ? 'host' : sighting(error, late));
        },
      },
    );
  }
}

function sighting(error: Error | undefined, late: boolean): Sighting {
  const failure = netFailure(error);
  if (failure === 'refused' || failure === 'reset') return 'host';
  return failure === 'silent' && !late ? 'nothing' : 'unsure';
}
