import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Lan } from './testing/lan.ts';
import { ALL, IPS, running, type LanHost } from './testing/lan.ts';

/** Addresses that a host announced although another one should own them. */
function stolenBy(lan: Lan, name: string): string[] {
  const announced = lan.claims.filter(({ how, mac }) => how === 'announcement' && lan.nameOf(mac) === name);
  return [...new Set(announced.map(({ ip }) => ip))].filter((ip) => lan.ownerOf(ip, ...ALL) !== name);
}

suite('a replica that the others do not know yet', () => {
  for (const unknownMs of [2_000, 12_000]) {
    test(`for ${unknownMs / 1_000} s: it takes nothing that they speak for, and its own as soon as they know it`, async () => {
      const lan = await running('n1', 'n2');
      lan.prepare('n3');
      lan.begin('n3', ...ALL);
      for (let ms = 0; ms < unknownMs; ms += 500) {
        await lan.pass(500);
        for (const ip of IPS) assert.deepEqual(lan.ask(ip), [lan.ownerOf(ip, 'n1', 'n2')], `${ip} after ${ms} ms`);
      }
      const announced = lan.claims.filter(({ how, mac }) => how === 'announcement' && lan.nameOf(mac) === 'n3');
      assert.deepEqual(announced, []);
      lan.setMembers(...ALL);
      await lan.pass(500);
      for (const ip of IPS) assert.deepEqual(lan.ask(ip), [lan.ownerOf(ip, ...ALL)], ip);
    });
  }
});

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
