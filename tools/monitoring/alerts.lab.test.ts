/** Every alert fires when it should and not before, by what Prometheus' own promtool makes of the rules. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { stringify } from 'yaml';
import { progressToStderr, run } from '../../lab/index.ts';
import { ensurePrograms } from '../../lab/toolchain/index.ts';
import { ALERTS } from './alerts.ts';
import { prometheusRules } from './rules.ts';

interface Case {
  readonly alert: string;
  /** Series and their values from minute to minute, as promtool writes them. */
  readonly series: Readonly<Record<string, string>>;
  /** Minutes after the start: not yet, and then. */
  readonly quiet: number;
  readonly fires: number;
  /** The labels of the alert besides name and severity. */
  readonly labels: string;
}

const pod = 'namespace="porterlb-system",pod="porter-manager-a"';
const pool = `pool="public",family="ipv4",${pod}`;

const CASES: readonly Case[] = [
  {
    alert: 'PorterLBPoolAlmostFull',
    series: {
      [`porterlb_pool_used_addresses{${pool}}`]: '85x4 86x30',
      [`porterlb_pool_allocatable_addresses{${pool}}`]: '100x40',
      // Used up, as it is meant to be.
      'porterlb_pool_used_addresses{pool="one",family="ipv4"}': '1x40',
      'porterlb_pool_allocatable_addresses{pool="one",family="ipv4"}': '1x40',
    },
    ...{ quiet: 14, fires: 16, labels: pool },
  },
  {
    alert: 'PorterLBPoolFull',
    series: {
      [`porterlb_pool_used_addresses{${pool}}`]: '15x4 16x20',
      [`porterlb_pool_allocatable_addresses{${pool}}`]: '16x30',
    },
    ...{ quiet: 9, fires: 11, labels: pool },
  },
  {
    // A small pool is meant to be used up; that others wait for it is not.
    alert: 'PorterLBPoolFull',
    series: {
      [`porterlb_pool_used_addresses{${pool}}`]: '1x40',
      [`porterlb_pool_allocatable_addresses{${pool}}`]: '1x40',
      [`porterlb_pool_waiting_services{${pool}}`]: '0x4 2x30',
    },
    ...{ quiet: 9, fires: 11, labels: pool },
  },
  {
    alert: 'PorterLBPoolExhaustionForecast',
    series: {
      [`porterlb_pool_used_addresses{${pool}}`]: '600+0.1x600',
      [`porterlb_pool_allocatable_addresses{${pool}}`]: '1000x600',
      'porterlb_pool_used_addresses{pool="calm",family="ipv4"}': '600x600',
      'porterlb_pool_allocatable_addresses{pool="calm",family="ipv4"}': '1000x600',
    },
    ...{ quiet: 30, fires: 300, labels: pool },
  },
  {
    alert: 'PorterLBServicesWaiting',
    series: { [`porterlb_waiting_services{${pod}}`]: '0x4 2x20' },
    ...{ quiet: 9, fires: 11, labels: pod },
  },
  {
    alert: 'PorterLBServicesNotAnnounced',
    series: {
      [`porterlb_services{condition="Announced",reason="NoReplicaOnLink",${pod}}`]: '0x4 3x20',
      // For the Service's owner to mend.
      [`porterlb_services{condition="Announced",reason="NoEndpoints",${pod}}`]: '3x30',
    },
    ...{ quiet: 9, fires: 11, labels: 'namespace="porterlb-system",reason="NoReplicaOnLink"' },
  },
  {
    alert: 'PorterLBPeerDown',
    series: {
      [`porterlb_bgp_session_up{peer="r1",${pod}}`]: '1x4 0x20',
      [`porterlb_bgp_session_up{peer="r2",${pod}}`]: '1x30',
    },
    ...{ quiet: 6, fires: 8, labels: `peer="r1",${pod}` },
  },
  {
    alert: 'PorterLBAllPeersDown',
    series: {
      [`porterlb_bgp_session_up{peer="r1",${pod}}`]: '0x30',
      [`porterlb_bgp_session_up{peer="r2",${pod}}`]: '1x4 0x20',
    },
    ...{ quiet: 5, fires: 7, labels: 'namespace="porterlb-system"' },
  },
  {
    alert: 'PorterLBPeerFlapping',
    series: { [`porterlb_bgp_session_flaps_total{peer="r1",${pod}}`]: '0x20 1+1x10' },
    ...{ quiet: 20, fires: 30, labels: `peer="r1",${pod}` },
  },
  {
    alert: 'PorterLBBfdDown',
    series: {
      [`porterlb_bfd_session_up{peer="r1",${pod}}`]: '1x4 0x20',
      [`porterlb_bgp_session_up{peer="r1",${pod}}`]: '1x30',
      // Both down is no matter of BFD.
      [`porterlb_bfd_session_up{peer="r2",${pod}}`]: '0x30',
      [`porterlb_bgp_session_up{peer="r2",${pod}}`]: '0x30',
    },
    ...{ quiet: 9, fires: 11, labels: `peer="r1",${pod}` },
  },
  {
    alert: 'PorterLBAddressConflict',
    series: { [`porterlb_address_conflicts{pool="lan",heard="stranger",${pod}}`]: '0x4 1x20' },
    ...{ quiet: 5, fires: 7, labels: 'heard="stranger",namespace="porterlb-system",pool="lan"' },
  },
  {
    alert: 'PorterLBNodeDead',
    series: {
      [`porterlb_node_verdict{node="n3",verdict="dead",evidence="silent",${pod}}`]: '_x5 1x20',
      [`porterlb_node_verdict{node="n2",verdict="alive",evidence="well",${pod}}`]: '1x30',
    },
    ...{ quiet: 5, fires: 7, labels: 'namespace="porterlb-system",node="n3"' },
  },
  {
    alert: 'PorterLBNodeFlapping',
    series: { [`porterlb_node_flaps{node="n3",${pod}}`]: '2x4 3x20' },
    ...{ quiet: 4, fires: 6, labels: 'namespace="porterlb-system",node="n3"' },
  },
  {
    alert: 'PorterLBVerdictsHeld',
    // A firewall has closed the health port: verdicts are held for 15 s, then there is none.
    series: {
      [`porterlb_node_verdicts_held{${pod}}`]: '0x4 2 0x20',
      [`porterlb_node_verdict{node="n1",verdict="alive",evidence="well",${pod}}`]: '1x30',
      [`porterlb_node_verdict{node="n2",verdict="alive",evidence="well",${pod}}`]: '1x3 stale _x30',
      [`porterlb_node_verdict{node="n2",verdict="alive",evidence="host-seen",${pod}}`]: '_x4 1 stale _x30',
      [`porterlb_node_verdict{node="n2",verdict="unknown",evidence="host-seen",${pod}}`]: '_x5 1x30',
    },
    ...{ quiet: 8, fires: 11, labels: pod },
  },
  {
    alert: 'PorterLBVerdictsHeld',
    // kube-proxy listens on loopback only, on one node for some minutes, on another since ever; the third one is dead.
    series: {
      [`porterlb_node_verdict{node="n1",verdict="alive",evidence="well",${pod}}`]: '1x4 stale _x30',
      [`porterlb_node_verdict{node="n1",verdict="unknown",evidence="ailing",${pod}}`]: '_x4 1x30',
      [`porterlb_node_verdict{node="n2",verdict="unknown",evidence="ailing",${pod}}`]: '1x40',
      [`porterlb_node_verdict{node="n3",verdict="dead",evidence="host-silent",${pod}}`]: '1x40',
    },
    ...{ quiet: 8, fires: 11, labels: pod },
  },
  {
    alert: 'PorterLBAbsent',
    series: { [`porterlb_build_info{version="1",${pod}}`]: '1x4 stale _x30' },
    ...{ quiet: 9, fires: 11, labels: '' },
  },
  {
    alert: 'PorterLBNotReady',
    series: { [`porterlb_ready{${pod}}`]: '1x4 0x20' },
    ...{ quiet: 9, fires: 11, labels: pod },
  },
  {
    alert: 'PorterLBNoLeader',
    series: {
      [`porterlb_leader{${pod}}`]: '1x4 0x20',
      'porterlb_leader{namespace="porterlb-system",pod="porter-manager-b"}': '0x30',
    },
    ...{ quiet: 5, fires: 7, labels: 'namespace="porterlb-system"' },
  },
  {
    alert: 'PorterLBReplicaSilent',
    series: {
      // One of the others hears it at first.
      [`porterlb_replica_answering{replica="porter-manager-c",${pod}}`]: '0x30',
      'porterlb_replica_answering{replica="porter-manager-c",namespace="porterlb-system",pod="porter-manager-b"}':
        '1x4 0x20',
    },
    ...{ quiet: 9, fires: 11, labels: 'namespace="porterlb-system",replica="porter-manager-c"' },
  },
  {
    alert: 'PorterLBEngineNotResponding',
    series: { [`porterlb_engine_responding{${pod}}`]: '1x4 0x20' },
    ...{ quiet: 5, fires: 7, labels: pod },
  },
  {
    alert: 'PorterLBEngineLate',
    series: {
      [`porterlb_event_loop_delay_p99_seconds{thread="engine",${pod}}`]: '0.02x4 0.4x20',
      // The other thread may be late: nothing that a client waits for is its.
      [`porterlb_event_loop_delay_p99_seconds{thread="main",${pod}}`]: '0.4x30',
    },
    ...{ quiet: 9, fires: 11, labels: `thread="engine",${pod}` },
  },
  {
    alert: 'PorterLBViewStale',
    series: { [`porterlb_view_stale{${pod}}`]: '0x4 1x20' },
    ...{ quiet: 6, fires: 8, labels: pod },
  },
  {
    alert: 'PorterLBKindNotWatched',
    series: {
      [`porterlb_informer_synced{resource="eips",${pod}}`]: '1x4 0x20',
      [`porterlb_informer_synced{resource="nodes",${pod}}`]: '1x30',
    },
    ...{ quiet: 9, fires: 11, labels: `resource="eips",${pod}` },
  },
  {
    alert: 'PorterLBApiRequestsFail',
    series: {
      [`porterlb_api_requests_total{verb="patch",resource="services",result="forbidden",${pod}}`]: '0x4 0+6x40',
      // It is tried again, and that is how it is meant to be.
      [`porterlb_api_requests_total{verb="patch",resource="services",result="conflict",${pod}}`]: '0+60x40',
    },
    ...{
      ...{ quiet: 12, fires: 20 },
      labels: 'namespace="porterlb-system",resource="services",result="forbidden",verb="patch"',
    },
  },
];

const alerts = [...ALERTS.values()].flat();

suite('alerts', () => {
  let folder: string;

  before(async () => {
    await ensurePrograms(['promtool'], progressToStderr);
    folder = await mkdtemp(join(tmpdir(), 'porterlb-alerts-'));
    await writeFile(join(folder, 'rules.yaml'), stringify(prometheusRules()));
  });
  after(() => rm(folder, { recursive: true }));

  test('promtool has nothing against the rules', async () => {
    const said = await run('promtool', ['check', 'rules', '--lint-fatal', join(folder, 'rules.yaml')]);
    assert.match(said, new RegExp(`SUCCESS: ${alerts.length} rules found`));
  });

  test('there is a case for each', () => {
    assert.deepEqual([...new Set(CASES.map(({ alert }) => alert))].sort(), alerts.map(({ name }) => name).sort());
  });

  for (const { alert, series, quiet, fires, labels } of CASES) {
    test(`${alert} is quiet at first, then fires for what it concerns alone`, async () => {
      const expr = `max without (alertname, alertstate, severity) (ALERTS{alertname="${alert}",alertstate="firing"})`;
      const at = (minutes: number, samples: readonly object[]): object => ({
        ...{ expr, eval_time: `${minutes}m`, exp_samples: samples },
      });
      const cases = {
        rule_files: ['rules.yaml'],
        evaluation_interval: '1m',
        tests: [
          {
            interval: '1m',
            input_series: Object.entries(series).map(([name, values]) => ({ series: name, values })),
            promql_expr_test: [at(quiet, []), at(fires, [{ labels: `{${labels}}`, value: 1 }])],
          },
        ],
      };
      const file = join(folder, `${alert}.yaml`);
      await writeFile(file, stringify(cases));
      assert.match(await run('promtool', ['test', 'rules', file]), /SUCCESS/);
    });
  }

  test('what a person reads has names and numbers filled in', async () => {
    const file = join(folder, 'texts.yaml');
    const one = alerts.find(({ name }) => name === 'PorterLBPoolAlmostFull');
    assert.ok(one !== undefined);
    const labels = { pool: 'public', family: 'ipv4' };
    const cases = {
      rule_files: ['rules.yaml'],
      evaluation_interval: '1m',
      tests: [
        {
          interval: '1m',
          input_series: [
            { series: 'porterlb_pool_used_addresses{pool="public",family="ipv4"}', values: '9x30' },
            { series: 'porterlb_pool_allocatable_addresses{pool="public",family="ipv4"}', values: '10x30' },
          ],
          alert_rule_test: [
            {
              ...{ eval_time: '15m', alertname: one.name },
              exp_alerts: [
                {
                  exp_labels: { ...labels, severity: 'warning' },
                  exp_annotations: {
                    summary: 'The Eip public is almost full (ipv4).',
                    description:
                      'Of the ipv4 addresses of the Eip public, 90% are in use. Once all are, new Services that look to it get no address.',
                    runbook_url: 'RUNBOOKS#porterlbpoolalmostfull',
                  },
                },
              ],
            },
          ],
        },
      ],
    };
    await writeFile(file, stringify(cases));
    assert.match(await run('promtool', ['test', 'rules', file]), /SUCCESS/);
  });
});
