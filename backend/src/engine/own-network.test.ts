import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { FakeClock } from '../platform/fake/clock.ts';
import { FakeLinkLayer, FakeWire } from '../platform/fake/link-layer.ts';
import { OwnNetwork } from './own-network.ts';

suite("the network that a node's own address is on", () => {
  const clock = new FakeClock();
  const wire = new FakeWire(clock);
  const mac = Uint8Array.of(2, 0, 0, 0, 0, 1);

  test('is down without carrier and without the address, and up again with both', () => {
    const links = new FakeLinkLayer(clock);
    const own = links.add({ name: 'eth0', mac, prefixes: ['2001:db8::1/64', '192.0.2.1/24'], wire });
    links.add({ name: 'eth1', mac, prefixes: ['198.51.100.1/24'], wire });
    for (const address of ['192.0.2.1', '2001:DB8:0::1']) {
      const network = new OwnNetwork(links, address);
      assert.equal(network.isDown, false);
      links.change(own, { up: false });
      assert.equal(network.isDown, true);
      links.change(own, { up: true, prefixes: ['203.0.113.1/24'] });
      assert.equal(network.isDown, true);
      links.change(own, { prefixes: ['2001:db8::1/64', '192.0.2.1/24'] });
      assert.equal(network.isDown, false);
    }
  });

  test('is never taken for down where the address was on none of the links, as on a host that has it on its loopback', () => {
    const links = new FakeLinkLayer(clock);
    const other = links.add({ name: 'eth1', mac, prefixes: ['198.51.100.1/24'], wire });
    const network = new OwnNetwork(links, '192.0.2.1');
    links.change(other, { up: false });
    assert.equal(network.isDown, false);
  });
});
