import type { Clock, Dialer, NeighbourTable, NeighbourWord } from '../platform/ports.ts';
import { netFailure } from './net-failure.ts';

/**
 * What was seen of a host: `host`, it has answered; `neighbour`, by this host's own tables it answers ARP or neighbour discovery; `nothing`;
 * or `unsure` if this side was at fault. Those tables may err: a socket of this host that sends confirms an entry by an acknowledgement that
 * came earlier, and switches and routers answer ARP in a host's name. That is good enough to spare a node, not to prove that this host can hear.
 */
export type Sighting = 'host' | 'neighbour' | 'nothing' | 'unsure';

export interface HostWitnessDeps {
  readonly clock: Clock;
  readonly dialer: Dialer;
  /** Undefined where it can't be read. */
  readonly neighbours?: NeighbourTable;
}

export interface HostWitnessOptions {
  /** TCP port that is tried. */
  readonly port: number;
  readonly timeoutMs: number;
}

/** An attempt that its timer ended later than this was held up here, and an answer may lie unread. */
const LATE_MS = 50;
/** The kernel's table takes a few milliseconds; a verdict doesn't wait for it any longer than this. */
const TABLE_MS = 100;
/**
 * What was read may be so old, and the kernel counts hundredths of a second; an answer to the attempt comes within a millisecond of it. A
 * host that is dead has been so for a second by then.
 */
const ROUNDING_MS = 100;

/**
 * Looks for a sign of life of hosts that is independent of what is asked otherwise: whether the kernel there answers an attempt to
 * open a TCP connection, be it that it is accepted or refused. Nothing is sent over it. Where nothing answers, this host's kernel is asked
 * what ARP or neighbour discovery found for that attempt: who has answered it since lives, though his ports drop what they get. An
 * entry that is only known proves nothing, as the kernel goes on using it for half a minute; nor does the lack of one speak for anybody.
 */
export class HostWitness {
  readonly #deps: HostWitnessDeps;
  readonly #options: HostWitnessOptions;

  constructor(deps: HostWitnessDeps, options: HostWitnessOptions) {
    this.#deps = deps;
    this.#options = options;
  }

  /**
   * Calls back once, after this returns.
   *
   * @param onSighting gets what was found, in words, as well
   */
  ask(host: string, onSighting: (sighting: Sighting, said: string) => void): void {
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
          const seen = connected ? 'host' : sighting(error, late);
          const said = `TCP port ${this.#options.port}: ${connected ? 'accepted' : (error?.message ?? 'closed')}`;
          if (seen === 'nothing' && this.#deps.neighbours !== undefined) this.#look(host, asked, said, onSighting);
          else onSighting(seen, said);
        },
      },
    );
  }

  #look(host: string, asked: number, tcp: string, onSighting: (sighting: Sighting, said: string) => void): void {
    const { clock, neighbours } = this.#deps;
    // Before the reading: a confirmation never looks newer than it is because we hear late of it.
    const sinceMs = clock.now() - asked;
    let settled = false;
    const settle = (word: NeighbourWord | undefined, failure?: string): void => {
      if (settled) return;
      settled = true;
      patience.cancel();
      const lives = word?.confirmedMsAgo !== undefined && word.confirmedMsAgo < sinceMs + ROUNDING_MS;
      onSighting(lives ? 'neighbour' : 'nothing', `${tcp}; ARP/NDP: ${failure ?? described(word, lives)}`);
    };
    const patience = clock.setTimer(TABLE_MS, () => settle(undefined, 'the kernel does not say'));
    const found = neighbours?.find(host) ?? Promise.resolve(undefined);
    found.then(
      (word) => settle(word),
      () => settle(undefined, 'the kernel does not say'),
    );
  }
}

function described(word: NeighbourWord | undefined, lives: boolean): string {
  if (word === undefined) return 'not on a link of this host';
  if (word.state === 'absent') return 'no answer';
  if (word.state === 'unsure') return 'not asked';
  return lives ? 'answered' : 'not asked again yet';
}

function sighting(error: Error | undefined, late: boolean): Sighting {
  const failure = netFailure(error);
  if (failure === 'refused' || failure === 'reset') return 'host';
  return failure === 'silent' && !late ? 'nothing' : 'unsure';
}
