import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock } from '../../platform/fake/clock.ts';
import { FakeListeners } from '../../platform/fake/listeners.ts';
import { FakeLogger } from '../../platform/fake/logger.ts';
import { Listening } from './listening.ts';
import { peer } from './testing/scripted-router.ts';

const place = { port: 1179, addresses: ['192.0.2.2'] };

test('a router without TTL security is heard though one of the same link-local address on another link has it', () => {
  const clock = new FakeClock();
  const listeners = new FakeListeners(clock);
  const heard: string[] = [];
  const onConnection = ({ remoteAddress }: { readonly remoteAddress: string }): void => void heard.push(remoteAddress);
  const listening = new Listening({ clock, listeners, logger: new FakeLogger(), onConnection });
  const left = { ...peer, address: 'fe80::1%eth0', ttlSecurityHops: 1 };
  const right = { ...peer, key: 'r2', address: 'fe80::1%eth1' };
  const knock = (): void => {
    listeners.call('192.0.2.2', place.port, { host: right.address, ttl: 64, onOpen: () => {} });
    clock.advance(0);
  };
  listening.set(place, [left, right]);
  knock();
  assert.deepEqual(heard, [right.address]);
  listening.set(place, [left, { ...right, ttlSecurityHops: 1 }]);
  knock();
  assert.deepEqual(heard, [right.address], 'both have it');
});
