import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { ReplicaPlace } from '../domain/replica.ts';
import { FakeClock } from '../platform/fake/clock.ts';
import { LinkPlaces } from './link-places.ts';
import { WhoSpeaks } from './who-speaks.ts';

const IP = '192.0.2.130';
const OWNER = { replica: 'porter-n2', node: 'n2', onBehalfOf: undefined };

function placesOf(silent?: ReplicaPlace['silent']): LinkPlaces {
  const links = [{ name: 'eth0', mac: '02:00:00:00:00:02', prefixes: ['192.0.2.2/24'] }];
  const place = { links, towards: {}, ...(silent && { silent }) };
  return new LinkPlaces([{ name: 'porter-n2', node: 'n2', stale: false, place }]);
}

function whoSpeaks(clock = new FakeClock()): WhoSpeaks {
  return new WhoSpeaks({ clock, onChange: () => undefined }, 'porter-n1');
}

suite('an address that another replica owns', () => {
  test('is spoken for as long as that is not silent about it', () => {
    const who = whoSpeaks();
    who.hearOwner(IP, OWNER, placesOf());
    assert.deepEqual([who.silenceOf(IP), who.isSpokenFor(IP)], [undefined, true]);
  });

  test('may be one of the many that it is silent about: whoever takes it over asks', () => {
    const who = whoSpeaks();
    who.hearOwner(IP, OWNER, placesOf());
    assert.ok(who.hearOwner(IP, OWNER, placesOf('many')), 'that is news');
    assert.deepEqual([who.silenceOf(IP), who.isSpokenFor(IP)], ['asking', false]);
  });

  for (const silence of ['unmet', 'no-link'] as const)
    test(`and does not speak for (${silence}) is nobody’s after a while`, () => {
      const clock = new FakeClock();
      const who = whoSpeaks(clock);
      who.hearOwner(IP, OWNER, placesOf());
      who.hearOwner(IP, OWNER, placesOf({ [IP]: silence }));
      assert.deepEqual([who.silenceOf(IP), who.isSpokenFor(IP)], [silence, true]);
      clock.advance(20_000);
      who.hearOwner(IP, OWNER, placesOf({ [IP]: silence }));
      clock.advance(10_000);
      assert.equal(who.isSpokenFor(IP), false);
    });
});
