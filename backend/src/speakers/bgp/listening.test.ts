import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock } from '../../platform/fake/clock.ts';
import { FakeListeners } from '../../platform/fake/listeners.ts';
import { FakeLogger } from '../../platform/fake/logger.ts';
import type { ListenHandlers, Listeners } from '../../platform/ports.ts';
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

test('where the kernel has no room for the TTLs that routers must have, that is a warning and no problem of listening', () => {
  const clock = new FakeClock();
  const logger = new FakeLogger();
  let handlers: ListenHandlers | undefined;
  const nothing = (): void => {};
  const socket = { port: place.port, setPasswords: nothing, setTtl: nothing, setMinTtls: nothing, close: nothing };
  const listeners: Listeners = { listen: (_options, given) => ((handlers = given), socket) };
  const listening = new Listening({ clock, listeners, logger, onConnection: () => {} });
  listening.set(place, [{ ...peer, ttlSecurityHops: 1 }]);
  handlers?.onUnfiltered(new Error('no room'));
  assert.deepEqual(listening.problems(), []);
  const warnings = logger.entries.filter(({ level }) => level === 'warn');
  assert.deepEqual(
    warnings.map(({ fields }) => fields),
    [{ host: '192.0.2.2', port: place.port, error: 'no room' }],
  );
});
