import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { rank } from '../announce/rendezvous.ts';
import { ALL, IPS, LAN_POOL, running, type Lan } from './testing/lan.ts';

const STEP_MS = 20;
const others = (name: string): string[] => ALL.filter((each) => each !== name);

/** The API says that `n1` may not take traffic any more, as by endpoints (`update`) or a label of the Node (`set`): this replica hears of it now. */
function exclude(lan: Lan, replica: string, how: 'update' | 'set' = 'update'): void {
  const changes = IPS.map((ip) => {
    return [ip, { pool: LAN_POOL, isNew: false, nodes: rank(ip, others('n1')) }] as const;
  });
  lan.host(replica).layer2?.[how](new Map(changes));
}

/** Time passes; a client asks for each address all the time: those that nobody answered for, and those that two did. */
async function watch(lan: Lan, ms: number): Promise<{ readonly none: string[]; readonly two: string[] }> {
  const none = new Set<string>();
  const two = new Set<string>();
  for (const end = lan.clock.now() + ms; lan.clock.now() < end;) {
    await lan.pass(STEP_MS);
    for (const ip of IPS) {
      const answers = new Set(lan.ask(ip));
      if (answers.size === 0) none.add(ip);
      if (answers.size > 1) two.add(ip);
    }
  }
  return { none: [...none], two: [...two] };
}

function assertMoved(lan: Lan): void {
  for (const ip of IPS) assert.deepEqual(lan.ask(ip), [lan.ownerOf(ip, 'n2', 'n3')], ip);
}

suite('the API takes a node’s addresses from it', () => {
  for (const [lagMs, how] of [0, 60, 400, 900].flatMap((ms) => [[ms, 'update'] as const, [ms, 'set'] as const])) {
    test(`it knows ${lagMs} ms before its heirs (${how}): it answers until these are heard, and somebody at any time`, async () => {
      const lan = await running(...ALL);
      assert.ok(IPS.some((ip) => lan.ownerOf(ip, ...ALL) === 'n1'));
      exclude(lan, 'n1', how);
      assert.deepEqual(lagMs === 0 ? { none: [], two: [] } : await watch(lan, lagMs), { none: [], two: [] });
      for (const name of others('n1')) exclude(lan, name, how);
      await lan.pass(STEP_MS);
      assertMoved(lan);
      const { none, two } = await watch(lan, 3_000);
      assert.deepEqual({ none, two }, { none: [], two: [] });
      // Neighbours have heard of nobody after the heirs.
      for (const ip of IPS) {
        const last = lan.claims.findLast((claim) => claim.ip === ip && claim.how === 'announcement');
        assert.ok(last === undefined || lan.nameOf(last.mac) === lan.ownerOf(ip, 'n2', 'n3'), ip);
      }
    });
  }

  test('its heirs know 400 ms before it: there is one owner a moment after it does', async () => {
    const lan = await running(...ALL);
    for (const name of others('n1')) exclude(lan, name);
    assert.deepEqual((await watch(lan, 400)).none, []);
    exclude(lan, 'n1');
    assert.deepEqual((await watch(lan, 200)).none, []);
    assertMoved(lan);
    assert.deepEqual(await watch(lan, 3_000), { none: [], two: [] });
  });

  test('it has not announced them yet: it doesn’t any more', async () => {
    const lan = await running(...ALL);
    for (const ip of IPS) lan.unwant(ip);
    await lan.pass(40_000);
    lan.claims.length = 0;
    lan.wantAs({ isNew: true }, ...IPS);
    await lan.pass(100);
    exclude(lan, 'n1');
    await lan.pass(3_000);
    for (const { ip, mac } of lan.claims) assert.notEqual(lan.nameOf(mac), 'n1', ip);
    assert.ok(lan.claims.length > 0);
  });

  test('its heirs don’t hear of it: it is silent after a second, for good', async () => {
    const lan = await running(...ALL);
    exclude(lan, 'n1');
    await lan.pass(1_100);
    const its = IPS.filter((ip) => lan.ownerOf(ip, ...ALL) === 'n1');
    for (const ip of its) assert.deepEqual(lan.ask(ip), [], ip);
    await lan.pass(5_000);
    for (const ip of its) assert.deepEqual(lan.ask(ip), [], ip);
  });

  test('it is taken back meanwhile: it goes on without another burst', async () => {
    const lan = await running(...ALL);
    exclude(lan, 'n1');
    await lan.pass(300);
    lan.want(...IPS);
    await lan.pass(5_000);
    assert.deepEqual(
      lan.claims.filter(({ how }) => how === 'announcement'),
      [],
    );
    for (const ip of IPS) assert.deepEqual(lan.ask(ip), [lan.ownerOf(ip, ...ALL)], ip);
  });
});
