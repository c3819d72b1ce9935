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

/** An attempt that its timer ended later than this was not waited for all the time: this process stood still. */
const LATE_MS = 500;
/** The dialler must not give up before we do, who look twice. */
const DIAL_SPARE_MS = 1_000;
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
    const { clock, dialer, neighbours } = this.#deps;
    const { port, timeoutMs } = this.#options;
    const asked = clock.now();
    const isLate = (): boolean => clock.now() - asked > timeoutMs + LATE_MS;
    let settled = false;
    const settle = (seen: Sighting, how: string): void => {
      if (settled) return;
      settled = true;
      timer.cancel();
      connection.destroy();
      const said = `TCP port ${port}: ${how}`;
      if (seen === 'nothing' && neighbours !== undefined) this.#look(host, asked, said, onSighting);
      else onSighting(seen, said);
    };
    const giveUp = (): void => {
      settle(isLate() ? 'unsure' : 'nothing', `no answer from ${host} port ${port} within ${timeoutMs} ms`);
    };
    // On a busy machine timers are overdue while answers lie unread, and Node.js runs the timers first: what has come is read before that.
    let timer = clock.setTimer(timeoutMs, () => (timer = clock.setTimer(0, giveUp)));
    const connection = dialer.dial(
      { host, port, timeoutMs: timeoutMs + DIAL_SPARE_MS },
      {
        onConnect: () => settle('host', 'accepted'),
        onData: () => {},
        onDrain: () => {},
        onClose: (error) => settle(sighting(error, isLate()), error?.message ?? 'closed'),
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
