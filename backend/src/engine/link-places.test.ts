import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { ReplicaPlace } from '../domain/replica.ts';
import { LinkPlaces, placeOf } from './link-places.ts';

interface Said {
  readonly node: string;
  readonly prefixes: readonly string[];
}

function place(...prefixes: string[]): ReplicaPlace {
  return { links: [{ name: 'eth0', mac: '02:00:00:00:00:01', prefixes }], towards: {} };
}

function placesOf(...said: Said[]): LinkPlaces {
  const candidates = said.map(({ node, prefixes }) => {
    return { name: `porter-${node}`, node, stale: false, place: place(...prefixes) };
  });
  return new LinkPlaces(candidates);
}

const nodes = (speakers: readonly { readonly node: string }[]): string[] => speakers.map(({ node }) => node).sort();

suite('where an address of a pool without an interface lives', () => {
  const wide = { node: 'wide', prefixes: ['10.0.0.1/8', '2001:db8::1/48'] };
  const narrow = { node: 'narrow', prefixes: ['10.1.2.1/24', '2001:db8:0:7::1/64'] };
  const both = { node: 'both', prefixes: ['10.0.0.3/8', '10.1.2.3/24'] };

  test('in the smallest subnet that any replica has, whoever is asked and in whichever order they were heard', () => {
    for (const said of [
      [wide, narrow, both],
      [both, narrow, wide],
      [narrow, wide, both],
    ]) {
      const places = placesOf(...said);
      assert.deepEqual(nodes(places.speakersFor('10.1.2.9', '')), ['both', 'narrow']);
      assert.deepEqual(nodes(places.speakersFor('10.1.3.9', '')), ['both', 'wide']);
      assert.deepEqual(nodes(places.speakersFor('2001:db8:0:7::9', '')), ['narrow']);
      assert.deepEqual(nodes(places.speakersFor('2001:db8:0:8::9', '')), ['wide']);
    }
  });

  test('not on a link that is left alone, which has what names it', () => {
    const { links } = place('10.1.2.4/25');
    const left = { links: links.map((link) => ({ ...link, name: 'cni0', isLeftAlone: true as const })), towards: {} };
    const candidate = (node: string, its: ReplicaPlace): ConstructorParameters<typeof LinkPlaces>[0][number] => {
      return { name: `porter-${node}`, node, stale: false, place: its };
    };
    const places = new LinkPlaces([candidate('wide', place('10.0.0.1/8')), candidate('cni', left)]);
    assert.deepEqual(nodes(places.speakersFor('10.1.2.9', '')), ['wide']);
    assert.deepEqual(nodes(places.speakersFor('10.1.2.9', 'cni0')), ['cni']);
  });

  test('in the next one when the smallest is gone', () => {
    assert.deepEqual(nodes(placesOf(wide).speakersFor('10.1.2.9', '')), ['wide']);
  });

  test('nowhere without a subnet; addresses of full length and prefixes that are none make none', () => {
    const odd = ['10.1.2.9/32', '2001:db8::9/128', '10.1.2.9', '10.1.2.0-10.1.2.255', '10.1.2.9/x', ''];
    const places = placesOf(wide, { node: 'odd', prefixes: odd });
    assert.deepEqual(nodes(places.speakersFor('10.1.2.9', '')), ['wide']);
    for (const ip of ['192.0.2.1', '2001:db8:1::1', 'no address']) {
      assert.deepEqual(places.speakersFor(ip, ''), [], ip);
    }
  });

  test('a rival on a wider subnet may speak for it if it announces; its kernel, which merely answers, may not', () => {
    const places = placesOf(wide, narrow, both);
    const asked = (node: string, announces: boolean): string[] =>
      nodes(places.speakersOf({ ip: '10.1.2.9', node, announces }, ''));
    assert.deepEqual(asked('wide', true), ['wide']);
    assert.deepEqual(asked('wide', false), []);
    assert.deepEqual([asked('both', true), asked('both', false)], [['both'], ['both']]);
    assert.deepEqual(asked('stranger', true), []);
    assert.deepEqual(nodes(places.speakersOf({ ip: '192.0.2.1', node: 'wide', announces: true }, 'eth0')), ['wide']);
    assert.deepEqual(places.speakersOf({ ip: '192.0.2.1', node: 'wide', announces: true }, 'eth1'), []);
  });
});

test('an interface with very many addresses in one subnet has its other subnets all the same', () => {
  const many = Array.from({ length: 200 }, (_, i) => `10.0.0.${i + 1}/24`);
  const prefixes = [...many, '192.0.2.9/24', '198.51.100.7/32', '2001:db8::1/64', '2001:db8::2/64'];
  const mac = Uint8Array.of(2, 0, 0, 0, 0, 1);
  const told = placeOf([{ index: 2, name: 'eth0', mac, up: true, prefixes }], [], () => undefined);
  assert.deepEqual(told.links[0]?.prefixes, ['10.0.0.1/24', '192.0.2.9/24', '2001:db8::1/64']);
});
