import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import type { PeerConfig, Route } from '../../../backend/src/speakers/bgp/speaker.ts';
import { until } from '../../state/until.ts';
import { SpeakerHandle } from '../bgp-frr/speaker-handle.ts';
import { peers } from './peers.ts';
import type { Router } from './router.ts';

const { v4, v6 } = peers({ gracefulRestart: { restartTimeSeconds: 30 } });

/** By the last number of the Service's address: the last numbers of its nodes' addresses. */
export type Announced = Readonly<Record<number, readonly number[]>>;

function routes(family: 4 | 6, announced: Announced): Route[] {
  const [service, node, length] = family === 4 ? ['10.77.0.', '10.211.0.', 32] : ['fd00:77::', 'fd00:211::', 128];
  return Object.entries(announced).map(([last, nodes]) => ({
    prefix: `${service}${last}/${length}`,
    med: 100,
    paths: nodes.map((id) => ({ id, nextHop: `${node}${id}` })),
  }));
}

function expected(announced: Announced): Record<string, string[]> {
  const all = [...routes(4, announced), ...routes(6, announced)];
  return Object.fromEntries(all.map(({ prefix, paths }) => [prefix, paths.map(({ nextHop }) => nextHop).sort()]));
}

/** The scenarios of a router of some make, and what its own need. */
export class Interop<R extends Router> {
  readonly #start: () => Promise<R>;
  #router: R | undefined;
  #speakers: SpeakerHandle[] = [];

  constructor(start: () => Promise<R>) {
    this.#start = start;
    before(async () => void (this.#router = await this.#start()));
    after(() => this.#router?.remove());
    afterEach(async () => {
      for (const speaker of this.#speakers.splice(0)) await speaker.kill();
    });
  }

  get router(): R {
    return this.#router ?? assert.fail('the router is not there yet');
  }

  /** A speaker with both sessions, of which nobody knows yet whether they come up. */
  async speaker(announced: Announced, more: Partial<PeerConfig> = {}): Promise<SpeakerHandle> {
    const speaker = new SpeakerHandle(this.router.speakerNamespace);
    this.#speakers.push(speaker);
    await this.configure(speaker, more);
    await this.announce(speaker, announced);
    return speaker;
  }

  async configure(speaker: SpeakerHandle, more: Partial<PeerConfig>): Promise<void> {
    await speaker.configure([
      { ...v4, ...more },
      { ...v6, ...more },
    ]);
  }

  async announce(speaker: SpeakerHandle, announced: Announced): Promise<void> {
    await speaker.setRoutes('v4', routes(4, announced));
    await speaker.setRoutes('v6', routes(6, announced));
  }

  /** Waits until the router's table is what is announced, in both families, and nothing else. */
  async routed(announced: Announced): Promise<void> {
    const wanted = expected(announced);
    const sorted = (table: Record<string, unknown>): string => JSON.stringify(Object.entries(table).sort());
    let last = '';
    await until(async () => (last = sorted(Object.fromEntries(await this.router.table()))) === sorted(wanted), {
      what: `the router's table to be ${sorted(wanted)}`,
      timeoutMs: 20_000,
      explain: () => `${last}\n${this.router.log}`,
    });
  }

  async sessionsUp(count: number): Promise<void> {
    await until(async () => (await this.router.established()) === count, {
      what: `${count} sessions to be established at the router`,
      timeoutMs: 20_000,
      explain: () => this.router.log,
    });
  }
}

/** What each router must do with us, by its own table, in IPv4 and IPv6. */
export function scenarios(lab: Interop<Router>): void {
  test('sessions come up; the router has all next hops of an address (ADD-PATH), one less, other ones, and none', async () => {
    const speaker = await lab.speaker({ 1: [11, 12, 13], 2: [11] });
    await lab.routed({ 1: [11, 12, 13], 2: [11] });
    await lab.announce(speaker, { 1: [11, 13], 2: [11], 3: [12] });
    await lab.routed({ 1: [11, 13], 2: [11], 3: [12] });
    await lab.announce(speaker, { 2: [14] });
    await lab.routed({ 2: [14] });
    await lab.announce(speaker, {});
    await lab.routed({});
    assert.equal(speaker.session('v4')?.counters.lost, 0);
  });

  test('a speaker that is killed leaves its routes there (graceful restart); after its successor only what that has', async () => {
    const first = await lab.speaker({ 1: [11, 12], 2: [11] });
    await lab.routed({ 1: [11, 12], 2: [11] });
    await first.kill();
    await lab.sessionsUp(0);
    await lab.routed({ 1: [11, 12], 2: [11] });
    await lab.speaker({ 1: [11, 13] });
    await lab.routed({ 1: [11, 13] });
  });

  test('a speaker that leaves says why, and takes its routes along', async () => {
    const speaker = await lab.speaker({ 1: [11, 12] });
    await lab.routed({ 1: [11, 12] });
    await speaker.stop('handover');
    await lab.routed({});
    assert.match(lab.router.log, /lab scenario ends/);
  });

  test('a router that is frozen is given up after the hold time, and has its routes again when it goes on', async () => {
    const speaker = await lab.speaker({ 1: [11, 12] }, { holdTimeSeconds: 3 });
    await lab.routed({ 1: [11, 12] });
    lab.router.freeze();
    try {
      const lost = ({ key, lastError }: { key: string; lastError?: string }): boolean =>
        key === 'v4' && lastError === 'we sent: Hold Timer Expired (nothing received for 3 s)';
      await speaker.change('the hold time to be over', lost);
    } finally {
      await lab.router.thaw();
    }
    await until(async () => (speaker.session('v4')?.counters.established ?? 0) >= 2, {
      what: 'the session to be established again',
      timeoutMs: 20_000,
    });
    await lab.routed({ 1: [11, 12] });
  });

  test('a wrong TCP-MD5 password is told as such, with the right one the routes are there', async () => {
    await lab.router.restart({ password: 'right-horse' });
    const speaker = await lab.speaker({ 1: [11, 12] }, { password: 'wrong-horse' });
    for (const key of ['v4', 'v6']) {
      const failed = await speaker.change(`${key} to fail`, (status) => status.key === key && 'lastError' in status);
      assert.match(failed.lastError ?? '', /^can't connect: no answer from .*: wrong or missing TCP-MD5 password\?$/);
    }
    assert.equal((await lab.router.table()).size, 0);
    await lab.configure(speaker, { password: 'right-horse' });
    await lab.routed({ 1: [11, 12] });
    assert.doesNotMatch(JSON.stringify(speaker.changes) + speaker.log, /horse/);
    await lab.router.restart();
  });

  test('a router that takes fewer prefixes than there are says so, and has none', async () => {
    await lab.router.restart({ maxPrefixes: 2 });
    // GoBGP may take the end that it brought about itself for a restart, and keep for so long what it has.
    const briefly = { gracefulRestart: { restartTimeSeconds: 2 } };
    const speaker = await lab.speaker({ 1: [11], 2: [11], 3: [11] }, briefly);
    for (const key of ['v4', 'v6']) {
      const limit = /^peer sent: Cease \/ Maximum Number of Prefixes Reached$/;
      await speaker.change(`${key} to be told of the limit`, (status) => {
        return status.key === key && limit.test(status.lastError ?? '');
      });
    }
    await speaker.stop('handover');
    await lab.routed({});
    await lab.router.restart();
    await lab.speaker({ 1: [11], 2: [11], 3: [11] });
    await lab.routed({ 1: [11], 2: [11], 3: [11] });
  });
}
