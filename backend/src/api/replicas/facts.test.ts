import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { factsOf } from '../testing/api-bench.ts';
import { announced, aSession } from '../testing/facts.ts';
import { replicaReport, type ReplicaReport } from './facts.ts';

const NODE: ReplicaReport['nodes'][number] = {
  ...{ node: 'n1', address: '203.0.113.11', health: 'alive', since: '2026-01-01T00:00:00Z', found: 'it answers 200' },
  ...{
    answered: undefined,
    status: undefined,
    misses: 0,
    ailingMs: 0,
    witness: undefined,
    witnessSaid: undefined,
    flaps: 0,
  },
};
const FACTS = factsOf('porter-0', {
  rank: 200,
  sessions: [aSession('r1')],
  nodes: [NODE],
  drains: [['n1', 'draining']],
  owners: [{ pool: 'lan', node: 'n1', ip: '192.0.2.1' }],
  links: [{ name: 'eth0', mac: '02:00:00:00:00:01', prefixes: ['192.0.2.7/24'] }],
  addresses: [announced('192.0.2.1', 'shop/web', [])],
});

/** What another replica hears. */
function heard(facts: object): ReplicaReport {
  return replicaReport.parse(JSON.parse(JSON.stringify(facts)));
}

suite('what a replica tells others', () => {
  test('is heard as it was said', () => {
    assert.deepEqual(JSON.parse(JSON.stringify(heard(FACTS))), JSON.parse(JSON.stringify(FACTS)));
  });

  test('is heard from a later version, whose words are new, and from an earlier one, which says less', () => {
    const [address] = FACTS.addresses;
    const finding = { reason: 'AnnouncedByCarrierPigeon', params: { ip: '192.0.2.1' } };
    const nodes = [{ ...NODE, health: 'thriving', witness: 'oracle', mood: 'good' }];
    const later = heard({
      ...FACTS,
      nodes,
      drains: [['n1', 'napping']],
      addresses: [{ ...address, finding }],
      more: 1,
    });
    assert.equal(later.addresses[0]?.finding.reason, 'AnnouncedByCarrierPigeon');
    assert.deepEqual([later.nodes[0]?.health, later.nodes[0]?.witness, later.drains], ['unknown', undefined, []]);
    const { drains: _, links: _links, owners: _owners, rank: _rank, ...earlier } = FACTS;
    const { drains, links, owners, rank } = heard(earlier);
    assert.deepEqual([drains, links, owners, rank], [[], [], [], undefined]);
  });
});
