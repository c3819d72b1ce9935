import assert from 'node:assert/strict';
import { test } from 'node:test';
import { finding, type Reason } from '../../domain/reason.ts';
import type { AddressReport } from '../../engine/messages.ts';
import { AddressReports } from './address-reports.ts';

function report(ip: string, reason: Reason, nodes: readonly string[] = []): AddressReport {
  return { ip, services: [], younger: [], finding: finding(reason), nodes };
}

test('addresses are counted by what was last said of them', () => {
  const reports = new AddressReports();
  const changed = [report('192.0.2.1', 'NoEndpoints'), report('192.0.2.2', 'Announced')];
  reports.update({ changed, gone: [] });
  reports.update({ changed: [report('192.0.2.1', 'Announced')], gone: ['192.0.2.9'] });
  assert.deepEqual([...reports.reasons], [['Announced', 2]]);
  reports.update({ changed: [], gone: ['192.0.2.1', '192.0.2.2'] });
  assert.deepEqual([[...reports.reasons], reports.current.size], [[], 0]);
});

test('names of nodes are kept once, however many messages bring them, and no longer than addresses have them', () => {
  const reports = new AddressReports();
  const say = (ip: string, nodes: readonly string[]): void =>
    reports.update({ changed: [report(ip, 'Announced', nodes)], gone: [] });
  for (let i = 0; i < 500; i += 1) {
    for (const ip of ['192.0.2.1', '192.0.2.2']) say(ip, [`n${i}`, 'n']);
    const [first, second] = [...reports.current.values()];
    assert.deepEqual(first?.nodes, [`n${i}`, 'n']);
    assert.equal(first?.nodes, second?.nodes);
  }
  assert.ok(reports.lists <= 4, `${reports.lists} lists`);
});

test('a list that a message has once is looked at once, however many addresses it is of', () => {
  const reports = new AddressReports();
  let looks = 0;
  class Looked extends Array<string> {
    override join(separator: string): string {
      looks += 1;
      return super.join(separator);
    }
  }
  const nodes = Looked.of('n1', 'n2');
  const changed = ['192.0.2.1', '192.0.2.2', '192.0.2.3'].map((ip) => report(ip, 'Announced', nodes));
  reports.update({ changed, gone: [] });
  assert.deepEqual([looks, reports.lists, reports.current.get('192.0.2.3')?.nodes], [1, 1, nodes]);
});

test('no list is kept that only addresses had that are gone', () => {
  const reports = new AddressReports();
  const ips = ['192.0.2.1', '192.0.2.2', '192.0.2.3'];
  reports.update({ changed: ips.map((ip) => report(ip, 'Announced', [ip])), gone: [] });
  assert.equal(reports.lists, 3);
  reports.update({ changed: [], gone: ips });
  assert.equal(reports.lists, 0);
});
