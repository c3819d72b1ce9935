import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite, test } from 'node:test';
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

function firstBlock(page: string): string {
  const text = readFileSync(join(import.meta.dirname, '../../docs/routers', page), 'utf8');
  return /^```text\n([\s\S]*?)^```$/m.exec(text)?.[1] ?? '';
}

suite('pages of routers have the configuration that tests run', () => {
  test('FRR', () => {
    assert.equal(firstBlock('frr.md'), asInPages(bgpdConfiguration(router), 'router bgp'));
  });

  test('BIRD', () => {
    assert.equal(firstBlock('bird.md'), asInPages(birdConfiguration(addresses.ipv4, {}), 'router id'));
  });
});
