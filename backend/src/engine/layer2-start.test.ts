import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Lan } from './testing/lan.ts';
import { ALL, IPS, running, type LanHost } from './testing/lan.ts';

/** Addresses that a host announced although another one should own them. */
function stolenBy(lan: Lan, name: string): string[] {
  const announced = lan.claims.filter(({ how, mac }) => how === 'announcement' && lan.nameOf(mac) === name);
  return [...new Set(announced.map(({ ip }) => ip))].filter((ip) => lan.ownerOf(ip, ...ALL) !== name);
}

suite('a replica that has no inputs yet', () => {
  const early: readonly [what: string, happens: (host: LanHost) => void][] = [
    [
      'hears that its view is stale',
      ({ layer2, prober }) => {
        prober?.setStale(true);
        layer2?.setStale(true);
      },
    ],
    ['sees a link change', ({ links, link }) => links.change(link, { prefixes: ['192.0.2.3/24', '198.51.100.3/24'] })],
  ];
  for (const [what, happens] of early) {
    test(`${what}: it takes nothing that is another's when it starts`, async () => {
      const lan = await running('n1', 'n2');
      lan.setMembers(...ALL);
      lan.prepare('n3');
      happens(lan.host('n3'));
      await lan.pass(100);
      assert.deepEqual(lan.host('n3').changes, []);
      lan.begin('n3');
      await lan.pass(1_000);
      assert.deepEqual(stolenBy(lan, 'n3'), []);
      for (const ip of IPS) assert.equal(lan.ask(ip).length, 1, ip);
    });
  }
});
