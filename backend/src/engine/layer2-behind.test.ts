import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { rank } from '../announce/rendezvous.ts';
import { ALL, IPS, running, type Lan } from './testing/lan.ts';

/** Others count as behind after three seconds; and the word of it, and the bursts. */
const BEHIND_MS = 3_200;
/** That would be the second host's, and after it the third one's. */
const RANKED = Array.from({ length: 100 }, (_, i) => `192.0.2.${150 + i}`).filter(
  (ip) => rank(ip, ALL).join() === 'n2,n3,n1',
);

function setStale(lan: Lan, stale: boolean, ...names: string[]): void {
  for (const name of names) {
    const { layer2, prober } = lan.host(name);
    prober?.setStale(stale);
    layer2?.setStale(stale);
  }
}

function assertOwners(lan: Lan, ...replicas: string[]): void {
  for (const ip of IPS) assert.deepEqual(lan.ask(ip), [lan.ownerOf(ip, ...replicas)], ip);
}

/** At each moment of that time somebody answers for each address. */
async function assertAnswered(lan: Lan, ips: readonly string[], ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 100) {
    await lan.pass(50);
    for (const ip of ips) assert.notDeepEqual(lan.ask(ip), [], `${ip} after ${passed} ms`);
  }
}

suite('a replica that is behind others', () => {
  test('one that starts takes what is its own, and everything is answered for at each moment', async () => {
    const lan = await running('n1', 'n2');
    assert.ok(RANKED.length > 3);
    lan.want(...RANKED);
    setStale(lan, true, 'n2');
    await lan.pass(10_000);
    lan.setMembers(...ALL);
    lan.start('n3');
    await assertAnswered(lan, RANKED, 5_000);
    for (const ip of RANKED) assert.deepEqual(lan.ask(ip), ['n3']);
    assertOwners(lan, 'n1', 'n3');
  });

  test('is that still after its datagrams were lost for a while: nothing moves', async () => {
    const lan = await running(...ALL);
    setStale(lan, true, 'n2');
    await lan.pass(BEHIND_MS + 5_000);
    lan.claims.length = 0;
    lan.datagrams.cut('192.0.2.2');
    await lan.pass(2_500);
    lan.datagrams.heal('192.0.2.2');
    await lan.pass(6_000);
    assertOwners(lan, 'n1', 'n3');
    for (const ip of IPS) assert.ok(!lan.announcers(ip).slice(1).includes('n2'), `${ip}: ${lan.announcers(ip).join()}`);
  });

  test('that begins with a stale view beside fresh ones takes nothing', async () => {
    const lan = await running('n1', 'n2');
    lan.setMembers(...ALL);
    lan.prepare('n3');
    setStale(lan, true, 'n3');
    lan.begin('n3');
    for (let ms = 0; ms < BEHIND_MS; ms += 200) {
      await lan.pass(200);
      assertOwners(lan, 'n1', 'n2');
    }
    setStale(lan, false, 'n3');
    await lan.pass(100);
    assertOwners(lan, ...ALL);
  });

  test('begins when all views are stale: it takes its own, and nothing else moves', async () => {
    const lan = await running('n1', 'n2');
    setStale(lan, true, 'n1', 'n2');
    await lan.pass(5_000);
    lan.setMembers(...ALL);
    lan.prepare('n3');
    setStale(lan, true, 'n3');
    lan.begin('n3');
    await lan.pass(200);
    assertOwners(lan, ...ALL);
    // The API server is back, and they notice one after the other.
    for (const name of ALL) {
      setStale(lan, false, name);
      await lan.pass(700);
      assertOwners(lan, ...ALL);
    }
  });

  test('is on a par with the others when these have become stale as well', async () => {
    const lan = await running(...ALL);
    setStale(lan, true, 'n2');
    await lan.pass(BEHIND_MS);
    assertOwners(lan, 'n1', 'n3');
    setStale(lan, true, 'n1', 'n3');
    await lan.pass(BEHIND_MS);
    assertOwners(lan, ...ALL);
  });

  for (const older of ALL) {
    test(`with a replica of an older version (${older}), which says nothing of that: one owner within four seconds`, async () => {
      const lan = await running(...ALL);
      lan.crash(older);
      lan.startOlder(older);
      await lan.pass(3_000);
      setStale(lan, true, 'n2');
      await lan.pass(4_000);
      assertOwners(lan, 'n1', 'n3');
      setStale(lan, true, 'n1', 'n3');
      await lan.pass(4_000);
      assertOwners(lan, ...ALL);
      setStale(lan, false, ...ALL);
      await lan.pass(1_000);
      assertOwners(lan, ...ALL);
    });
  }
});
