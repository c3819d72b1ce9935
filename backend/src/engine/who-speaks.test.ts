import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { ReplicaPlace } from '../domain/replica.ts';
import { aPool } from '../domain/testing/builders.ts';
import { FakeClock } from '../platform/fake/clock.ts';
import { LinkPlaces } from './link-places.ts';
import { WhoSpeaks, type Speaking } from './who-speaks.ts';

const IP = '192.0.2.130';
const OWNER = { replica: 'porter-n2', node: 'n2', onBehalfOf: undefined };

/** The replica on n2, with a word of what it is silent about. */
function other(silent?: ReplicaPlace['silent']): Speaking {
  const links = [{ name: 'eth0', mac: '02:00:00:00:00:02', prefixes: ['192.0.2.2/24'] }];
  const place = { links, towards: {}, ...(silent && { silent }) };
  return { name: 'porter-n2', node: 'n2', stale: false, place, countsUs: false };
}

function placesOf(silent?: ReplicaPlace['silent']): LinkPlaces {
  return new LinkPlaces([other(silent)]);
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

suite('an address that is spoken for', () => {
  const wanted = new Map([[IP, { pool: aPool('lan', ['192.0.2.128/25']), nodes: ['n1', 'n2'], isNew: false }]]);
  const spokenFor = (clock?: FakeClock): WhoSpeaks => {
    const who = whoSpeaks(clock);
    who.hearOwner(IP, OWNER, placesOf());
    return who;
  };

  const ends: Readonly<Record<string, (who: WhoSpeaks) => void>> = {
    'has no owner any more': (who) => who.hearOwner(IP, undefined, placesOf()),
    'is ours by now, and the node that we speak for has not been met': (who) => who.setOwn(IP, 'unmet'),
  };
  for (const [what, happens] of Object.entries(ends))
    test(`and ${what}: it can be taken over without asking for half a minute, and no longer`, () => {
      const clock = new FakeClock();
      const who = spokenFor(clock);
      happens(who);
      clock.advance(29_999);
      assert.equal(who.isSpokenFor(IP), true);
      clock.advance(1);
      assert.equal(who.isSpokenFor(IP), false);
    });

  test('until who has it without us says, before we have told anybody of us, that it asks for it', () => {
    const who = whoSpeaks();
    who.hearOthers(wanted, [other()], undefined);
    assert.equal(who.isSpokenFor(IP), true);
    who.hearOthers(wanted, [other({ [IP]: 'asking' })], undefined);
    assert.equal(who.isSpokenFor(IP), false);
  });

  test('whatever a replica that hears of us only now is silent about: it thought itself the owner beside whoever speaks for it', () => {
    const who = spokenFor();
    who.hearOthers(wanted, [other({ [IP]: 'asking' })], new Set(['porter-n2']));
    assert.equal(who.isSpokenFor(IP), true);
  });

  test('not by one that has counted us all along: it has left the address to us, and can’t say whether we had it', () => {
    const who = whoSpeaks();
    who.hearOthers(wanted, [{ ...other(), countsUs: true }], undefined);
    assert.equal(who.isSpokenFor(IP), false);
  });
});
