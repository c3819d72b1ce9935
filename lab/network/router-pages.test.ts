import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { fencesOf } from '../../tools/docs/fences.ts';
import { birdConfiguration } from './bird-router.ts';
import { bgpdConfiguration } from './frr-configuration.ts';
import { nodeNetwork, type RouterPlan } from './plan.ts';

const addresses = { ipv4: '10.50.0.1', ipv6: 'fd00:50::1' };
const router: RouterPlan = { name: 'r1', namespace: 'r1', addresses, clientSide: addresses };

/** Addresses of the lab -> those of our pages. */
const OURS: readonly (readonly [string, string])[] = [
  [nodeNetwork.ipv4, '192.0.2.0/24'],
  [nodeNetwork.ipv6, '2001:db8::/64'],
  [addresses.ipv4, '192.0.2.1'],
];

/** What the lab runs from a line on, without empty lines, in the addresses of our pages. */
function asInPages(configuration: string, from: string): string {
  const text = OURS.reduce((result, [lab, page]) => result.replaceAll(lab, page), configuration);
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  return `${lines.slice(lines.findIndex((line) => line.startsWith(from))).join('\n')}\n`;
}

/** @param heading below which the page has it; without: the first block */
function configurationIn(page: string, heading?: string): string {
  const path = `docs/${page}`;
  const fences = fencesOf(path, readFileSync(join(import.meta.dirname, '../..', path), 'utf8'));
  return fences.find((fence) => fence.language === 'text' && (heading ?? fence.heading) === fence.heading)?.text ?? '';
}

suite('pages of routers have the configuration that tests run', () => {
  test('FRR', () => {
    const run = asInPages(bgpdConfiguration(router), 'router bgp');
    assert.equal(configurationIn('routers/frr.md'), run);
    assert.equal(configurationIn('bgp-quick-start.md', 'FRR 8 or later'), run);
  });

  test('BIRD', () => {
    const run = asInPages(birdConfiguration(addresses.ipv4, {}), 'router id');
    assert.equal(configurationIn('routers/bird.md'), run);
    assert.equal(configurationIn('bgp-quick-start.md', 'BIRD 2'), run);
  });
});
