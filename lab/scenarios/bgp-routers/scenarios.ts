import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '../../state/until.ts';
import { withdrawnMs, type Interop } from './interop.ts';
import { ownRoutes, routerAs, type Router } from './router.ts';

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
    for (const [key, family] of [
      ['v4', 'ipv4-unicast'],
      ['v6', 'ipv6-unicast'],
    ] as const) {
      const { negotiated } = await speaker.established(key);
      assert.deepEqual(negotiated?.families, [{ family, addPath: true }]);
      assert.ok(negotiated.gracefulRestart && negotiated.fourOctetAs && negotiated.routeRefresh);
      assert.equal(negotiated.restartTimes?.oursSeconds, 30);
      for (const known of [`multiprotocol ${family}`, 'four-octet-as 65001', 'route-refresh']) {
        assert.ok(negotiated.capabilities.includes(known), `${known} in ${negotiated.capabilities.join(', ')}`);
      }
    }
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

  test('a speaker that is killed under traffic, and its successor: no flow is lost', async () => {
    // Others than in the next test, which must not take what the router retains of these for its own; and one of them in each test, as
    // FRR 8.4 drops one path of an address only where several that it has retained are not announced again.
    const nodes = [11, 14];
    const first = await lab.speaker({ 1: nodes });
    await lab.routed({ 1: nodes });
    await lab.losesNothing(nodes, async (traffic) => {
      await first.kill();
      await lab.sessionsUp(0);
      await traffic.more(100);
      const successor = await lab.speaker({ 1: nodes });
      for (const key of ['v4', 'v6']) {
        await successor.change(`${key} to have all routes`, (it) => it.key === key && it.endOfRibSent);
      }
      await lab.routed({ 1: nodes });
    });
  });

  test('a hold time, communities and a MED are edited under traffic: no flow is lost, and no other session is touched', async () => {
    const nodes = [11, 14];
    const speaker = await lab.speaker({ 1: nodes });
    await lab.routed({ 1: nodes });
    await lab.losesNothing(nodes, async (traffic) => {
      await lab.announce(speaker, { 1: nodes }, { med: 50, communities: ['65000:77'] });
      for (const prefix of ['10.77.0.1/32', 'fd00:77::1/128']) {
        await until(async () => (await lab.router.preference(prefix)).med === 50, {
          what: `the MED of ${prefix} to be 50`,
        });
        const marked = async (): Promise<boolean> => (await lab.router.communities(prefix)).join() === '65000:77';
        await until(marked, { what: `${prefix} to have its community` });
      }
      await traffic.more(50);
      for (const key of ['v4', 'v6']) assert.equal((await speaker.now(key))?.counters.established, 1);
      // A hold time is agreed on in OPEN: that takes a session of its own, and the router keeps what it has until then.
      await lab.configure(speaker, (key) => (key === 'v4' ? { holdTimeSeconds: 6 } : {}));
      await speaker.change('v4 to have all routes again', ({ key, negotiated, endOfRibSent }) => {
        return key === 'v4' && endOfRibSent && negotiated?.holdTimeSeconds === 6;
      });
      await lab.routed({ 1: nodes });
    });
    const { counters, lastError } = (await speaker.now('v6')) ?? assert.fail('no session v6');
    const { established, lost } = counters;
    assert.deepEqual([established, lost], [1, 0], `established ${established} times, lost ${lost}: ${lastError}`);
  });

  test('a speaker that leaves says why, and takes its routes along', async () => {
    const speaker = await lab.speaker({ 1: [11, 12] });
    await lab.routed({ 1: [11, 12] });
    await speaker.stop('handover');
    await lab.routed({}, withdrawnMs);
    assert.match(await lab.router.endings(), /lab scenario ends/);
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
      await lab.router.forgive();
    }
    await until(async () => (speaker.session('v4')?.counters.established ?? 0) >= 2, {
      what: 'the session to be established again',
    });
    await lab.routed({ 1: [11, 12] });
  });

  test('a wrong TCP-MD5 password is told as such, with the right one the routes are there', async () => {
    await lab.with({ password: 'right-horse' }, async () => {
      const speaker = await lab.speaker({ 1: [11, 12] }, { password: 'wrong-horse' });
      for (const key of ['v4', 'v6']) {
        const failed = await speaker.change(`${key} to fail`, (status) => status.key === key && 'lastError' in status);
        assert.match(failed.lastError ?? '', /^can't connect: no answer from .*: wrong or missing TCP-MD5 password\?$/);
      }
      for (const table of await lab.router.tables()) assert.equal(table.size, 0);
      await lab.configure(speaker, { password: 'right-horse' });
      await lab.routed({ 1: [11, 12] });
      assert.doesNotMatch(JSON.stringify(speaker.changes) + speaker.log, /horse/);
    });
  });

  test('TTL security on both sides: sessions and routes are there', async () => {
    await lab.with({ ttlSecurity: true }, async () => {
      await lab.speaker({ 1: [11, 12] }, { ttlSecurityHops: 1 });
      await lab.routed({ 1: [11, 12] });
    });
  });

  test('TTL security on our side alone: what does not come with a TTL of 255 is dropped, and there is no session', async () => {
    for (const key of ['v4', 'v6'] as const) {
      const before = await lab.tooFar();
      const speaker = await lab.speaker({ 1: [11, 12] }, { ttlSecurityHops: 1 }, 0, [key]);
      await until(async () => (await lab.tooFar()) > before, {
        what: `our kernel to drop what the router says to ${key}`,
      });
      assert.ok(speaker.changes.every(({ negotiated }) => negotiated === undefined));
      assert.equal(await lab.router.established(), 0);
      await speaker.kill();
    }
    for (const table of await lab.router.tables()) assert.equal(table.size, 0);
  });

  test('TTL security where only the router connects: one that sends with a TTL of 255 has its routes, one that does not has none', async () => {
    const passive = { passive: true, ttlSecurityHops: 1 };
    await lab.with({ connects: true, ttlSecurity: true }, async () => {
      const speaker = await lab.speaker({ 1: [11, 12] }, passive, 179);
      await lab.router.forgive();
      await lab.routed({ 1: [11, 12] });
      await speaker.stop('withdraw');
    });
    await lab.with({ connects: true }, async () => {
      const speaker = await lab.speaker({ 1: [11, 12] }, passive, 179);
      await lab.router.forgive();
      const bothUnheard = async (): Promise<boolean> =>
        (await lab.unheard()).filter((dropped) => dropped > 1).length === 2;
      await until(bothUnheard, { what: 'our kernel to drop what asks for a connection, again and again' });
      // There is no connection, so that no OPEN is read, nor answered.
      assert.ok(speaker.changes.every(({ state }) => state === 'Idle'));
      assert.equal(await lab.router.connections(), 0);
      for (const table of await lab.router.tables()) assert.equal(table.size, 0);
    });
  });

  test('both connect at once, again and again: one connection of each family is left, and the routes are there', async () => {
    await lab.with({ connects: true }, async () => {
      for (let round = 0; round < 3; round++) {
        const speaker = await lab.speaker({ 1: [11, 12] }, {}, 179);
        await lab.routed({ 1: [11, 12] });
        await until(async () => (await lab.router.connections()) === 2, {
          what: 'one connection of each family to be left',
        });
        for (const key of ['v4', 'v6']) assert.equal(speaker.session(key)?.state, 'Established');
        await speaker.stop('withdraw');
        await lab.routed({});
        await lab.router.forgive();
      }
    });
  });

  test('communities and large communities arrive, those of one path alone as well', async () => {
    const speaker = await lab.speaker({});
    const communities = { communities: ['65000:77', '65535:65281'], largeCommunities: ['65000:1:4294967295'] };
    await lab.announce(speaker, { 1: [11] }, communities);
    await lab.routed({ 1: [11] });
    const wanted = ['65000:77', '65535:65281', '65000:1:4294967295'].join();
    for (const prefix of ['10.77.0.1/32', 'fd00:77::1/128']) {
      const shown = async (): Promise<string> => named(await lab.router.communities(prefix)).join();
      await until(async () => (await shown()) === wanted, { what: `${prefix} to have ${wanted}`, explain: shown });
    }
    await lab.announce(speaker, { 1: [11] });
    await until(async () => (await lab.router.communities('10.77.0.1/32')).length === 0, {
      what: 'no community to be left',
    });
  });

  test('a MED arrives, and a local preference within the AS only', async () => {
    const prefixes = ['10.77.0.1/32', 'fd00:77::1/128'];
    const wanted = { med: 77, localPref: 250 };
    const speaker = await lab.speaker({});
    await lab.announce(speaker, { 1: [11] }, wanted);
    await lab.routed({ 1: [11] });
    for (const prefix of prefixes) {
      // Until then the router may still show what it retained of the speaker before.
      const arrived = async (): Promise<boolean> => (await lab.router.preference(prefix)).med === 77;
      await until(arrived, { what: `the MED of ${prefix} to be 77` });
      assert.notEqual((await lab.router.preference(prefix)).localPref, 250);
    }
    await speaker.stop('withdraw');
    await lab.with({ internal: true }, async () => {
      const inside = await lab.speaker({}, { localAs: routerAs });
      await lab.announce(inside, { 1: [11] }, wanted);
      await lab.routed({ 1: [11] });
      for (const prefix of prefixes) assert.deepEqual(await lab.router.preference(prefix), wanted);
      await lab.announce(inside, { 1: [11] }, { med: 0 });
      for (const prefix of prefixes) {
        await until(async () => (await lab.router.preference(prefix)).localPref === 100, {
          what: `the local preference of ${prefix} to be 100`,
        });
        assert.equal((await lab.router.preference(prefix)).med, 0);
      }
    });
  });

  test('3,000 paths of each family come, get worse and are withdrawn', async () => {
    const many = Object.fromEntries(Array.from({ length: 1_000 }, (_, i) => [i + 1, [11, 12, 13]]));
    const speaker = await lab.speaker({});
    await lab.announce(speaker, many, { med: 100 });
    await lab.routed(many);
    await lab.announce(speaker, many, { med: 200 });
    await lab.routed(many);
    await lab.announce(speaker, {});
    await lab.routed({});
    for (const key of ['v4', 'v6']) assert.equal(speaker.session(key)?.counters.lost, 0);
  });

  test("the router's own routes are none of ours: the session stays, and so does what it has of us", async () => {
    await lab.with({ announces: true }, async () => {
      const speaker = await lab.speaker({ 1: [11, 12] });
      await lab.routed({ 1: [11, 12] });
      for (const key of ['v4', 'v6']) {
        const heard = async (): Promise<boolean> => ((await speaker.now(key))?.counters.prefixesReceived ?? 0) > 0;
        await until(heard, { what: `the speaker to have heard of ${ownRoutes.ipv4} or ${ownRoutes.ipv6} in ${key}` });
      }
      for (const key of ['v4', 'v6']) assert.equal(speaker.session(key)?.counters.lost, 0);
      await lab.routed({ 1: [11, 12] });
    });
  });

  lab.needs('refresh', 'a router that asks gets all routes again, and has the same as before', async () => {
    const speaker = await lab.speaker({ 1: [11, 12], 2: [13] });
    await lab.routed({ 1: [11, 12], 2: [13] });
    const before = await lab.router.updatesReceived();
    await lab.router.refresh();
    await until(async () => (await lab.router.updatesReceived()) >= before + 4, {
      what: 'two UPDATEs more of each family',
      explain: () => lab.router.log,
    });
    await lab.routed({ 1: [11, 12], 2: [13] });
    assert.equal(speaker.session('v4')?.counters.lost, 0);
  });

  lab.needs(
    'bfd',
    'BFD notices a way that is cut long before the hold time; the routes are there again when it is back',
    async () => {
      await lab.with({ bfd: true }, async () => {
        const bfd = {
          transmitIntervalMs: 200,
          receiveIntervalMs: 300,
          detectMultiplier: 3,
          multihop: false,
          minTtl: 255,
        };
        const speaker = await lab.speaker({ 1: [11, 12] }, { holdTimeSeconds: 90, bfd });
        await lab.routed({ 1: [11, 12] });
        for (const key of ['v4', 'v6']) {
          await speaker.change(`BFD of ${key} to be up`, (status) => status.key === key && status.bfd?.state === 'Up');
        }
        await lab.router.cut();
        try {
          for (const key of ['v4', 'v6']) {
            const down = /^we sent: Cease \/ BFD Down/;
            await speaker.change(`${key} to be given up`, (it) => it.key === key && down.test(it.lastError ?? ''));
          }
        } finally {
          await lab.router.mend();
        }
        await lab.routed({ 1: [11, 12] });
      });
    },
  );

  test('a router that takes fewer prefixes than there are says so, and has none', async () => {
    await lab.with({ maxPrefixes: 2 }, async () => {
      // GoBGP may take the end that it brought about itself for a restart, and keep for so long what it has.
      const briefly = { gracefulRestart: { restartTimeSeconds: 2 } };
      const speaker = await lab.speaker({ 1: [11], 2: [11], 3: [11] }, briefly);
      for (const key of ['v4', 'v6']) {
        await speaker.change(`${key} to be up`, (status) => status.key === key && status.state === 'Established');
      }
      // FRR counts at the next UPDATE what came with those before.
      await lab.announce(speaker, { 1: [11], 2: [11], 3: [11], 4: [11] });
      for (const key of ['v4', 'v6']) {
        const limit = /^peer sent: .*Cease \/ Maximum Number of Prefixes Reached/;
        await speaker.change(`${key} to be told of the limit`, (status) => {
          return status.key === key && limit.test(status.lastError ?? '');
        });
      }
      await speaker.stop('handover');
      await lab.routed({});
    });
    await lab.speaker({ 1: [11], 2: [11], 3: [11] });
    await lab.routed({ 1: [11], 2: [11], 3: [11] });
  });
}

/** Well-known ones by their number, whatever a router calls them. */
function named(communities: readonly string[]): string[] {
  return communities.map((community) => (/^no.export$/i.test(community) ? '65535:65281' : community));
}
