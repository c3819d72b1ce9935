import assert from 'node:assert/strict';
import { test } from 'node:test';
import { finding, type Reason } from '../../domain/reason.ts';
import type { AddressReport } from '../../engine/messages.ts';
import { AddressReports } from './address-reports.ts';

function report(ip: string, reason: Reason): AddressReport {
  return { ip, services: [], younger: [], finding: finding(reason), nodes: [] };
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
