import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeWire } from '../platform/fake/link-layer.ts';
import { IPS, Lan } from './testing/lan.ts';

test('a host with more links than others can be told of: it takes no address there that they don’t leave to it', async () => {
  const lan = new Lan(2);
  const [{ links, mac, link } = assert.fail()] = lan.hosts;
  // The LAN's link is the last of 129, with prefixes enough to fill what is told.
  links.remove(link);
  for (let i = 0; i < 128; i++) {
    const prefixes = [`10.100.${i}.1/24`, `2001:db8:0:${i.toString(16)}::1/64`, `2001:db8:1:${i.toString(16)}::1/64`];
    links.add({ name: `vlan${i}`, mac, prefixes, wire: new FakeWire(lan.clock) });
  }
  links.add({ name: 'eth0', mac, prefixes: ['192.0.2.1/24'], wire: lan.wire });
  lan.start('n1', 'n2');
  lan.want(...IPS);
  await lan.pass(2_000);
  for (const ip of IPS) {
    assert.deepEqual(lan.ask(ip), ['n2'], ip);
    for (const { layer2 } of lan.hosts) assert.deepEqual(layer2?.view(ip)?.nodes, ['n2'], ip);
  }
});
