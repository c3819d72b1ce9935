import { NO_PLACE, type Replica } from '../../domain/replica.ts';
import { aReplica } from '../../domain/testing/builders.ts';
import { FakeClock } from '../../platform/fake/clock.ts';
import { FakeDatagrams } from '../../platform/fake/datagrams.ts';
import { FakeLogger } from '../../platform/fake/logger.ts';
import type { Datagrams } from '../../platform/ports.ts';
import type { ProbeMessage } from '../probe-message.ts';
import { ReplicaProber } from '../replicas.ts';

export const PORT = 7_473;
const ADDRESS: Readonly<Record<string, string>> = { a: '10.0.0.1', b: '10.0.0.2', c: '10.0.0.3', d: '10.0.0.4' };
export const replica = (name: string): Replica => aReplica(name, ADDRESS[name] ?? '', `node-${name}`);
export const members = (...names: string[]): Replica[] => names.map(replica);

export function probe(kind: ProbeMessage['kind'], nonce: bigint, rest: Partial<ProbeMessage> = {}): ProbeMessage {
  const view = { stale: false, behind: undefined, newcomer: false, med: undefined, retained: undefined };
  const flags = { leaving: false, ...view, announcing: false, news: false, placeOmitted: false, countsAsker: false };
  return { kind, ...flags, nonce, place: NO_PLACE, ...rest };
}

/** The longest a healthy replica can take to be seen, and a dead one to be missed: intervals of 500 ms with 5 % of jitter. */
export const SEEN_MS = 600;
export const MISSED_MS = 4 * 525 + 50;

/** Replicas that ask each other by UDP, in fake time. */
export class Lab {
  readonly clock = new FakeClock();
  readonly datagrams = new FakeDatagrams(this.clock);
  readonly logger = new FakeLogger();
  readonly changes: string[] = [];
  #seed = 1;

  /** Starts one that knows these members. */
  start(
    name: string,
    known: readonly Replica[],
    datagrams: Datagrams = this.datagrams,
    beforeAnswer: () => void = () => undefined,
  ): ReplicaProber {
    const prober = new ReplicaProber(
      {
        clock: this.clock,
        random: { next: () => (this.#seed = (this.#seed * 16_807) % 2_147_483_647) / 2_147_483_647 },
        datagrams,
        logger: this.logger,
        onChange: () => this.changes.push(name),
        beforeAnswer,
      },
      { self: name, host: ADDRESS[name] ?? '', port: PORT },
    );
    prober.setReplicas(known);
    prober.start();
    return prober;
  }
}

/** Who answers (`!`: by a stale view), and who is lost. */
export function sees(prober: ReplicaProber): { answering: string[]; lost: string[] } {
  return {
    answering: prober
      .answering()
      .map(({ name, stale }) => (stale ? `${name}!` : name))
      .sort(),
    lost: prober
      .lost()
      .map(({ name }) => name)
      .sort(),
  };
}
