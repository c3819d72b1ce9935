/** A real Prometheus scrapes replicas at work: every panel of the dashboards has data, and no alert is pending. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { ALERTS } from '../../tools/monitoring/alerts.ts';
import { DASHBOARD } from '../../tools/monitoring/dashboard.ts';
import { ofChosenClusters, ofThisCluster } from '../../tools/monitoring/dashboards.ts';
import { lanPoolRange } from '../network/plan.ts';
import { httpPort } from '../local/replicas.ts';
import { eip, on, ours, service, slice } from '../local/objects.ts';
import { until } from '../state/until.ts';
import { ensurePrograms, progressToStderr } from '../toolchain/index.ts';
import { ManagerLab } from './manager/manager-lab.ts';
import { NodeVerdicts } from './manager/node-verdicts.ts';
import { inPool } from './manager/pools.ts';

const all = ['n1', 'n2', 'n3'];
const members = ['n1', 'n2'];

interface Result {
  readonly status: string;
  readonly error?: string;
  readonly data: { readonly result: readonly { readonly metric: Readonly<Record<string, string>> }[] };
}

suite('Prometheus looks at replicas under load', () => {
  let lab: ManagerLab;
  let folder: string;

  /** What Prometheus answers, asked on the machine that it runs on. */
  async function query(expr: string): Promise<Result['data']['result']> {
    const text = await lab.lab
      .node('n1')
      .exec('curl', '-sS', '--data-urlencode', `query=${expr}`, 'http://127.0.0.1:9090/api/v1/query');
    const { status, error, data } = JSON.parse(text) as Result;
    assert.equal(status, 'success', `${expr}: ${error ?? ''}`);
    return data.result;
  }

  before(async () => {
    await ensurePrograms(['prometheus'], progressToStderr);
    folder = await mkdtemp(join(tmpdir(), 'porterlb-prometheus-'));
    lab = await ManagerLab.up({ members });
    const nodes = new NodeVerdicts(lab);
    for (const node of all) await nodes.serve(node);
    await startPrometheus();
    await lab.lab.apply(eip('lan', { address: lanPoolRange.ipv4, protocol: 'layer2' }));
    for (let i = 0; i < 8; i++) {
      await lab.lab.api.create(slice(`web-${i}`, on(all)));
      const annotations = i % 2 === 0 ? {} : inPool('lan');
      await lab.lab.api.create(service(`web-${i}`, { annotations, spec: ours }));
    }
    for (let i = 0; i < 8; i++) await lab.address(`web-${i}`);
  });
  after(async () => {
    await lab.down();
    await rm(folder, { recursive: true });
  });

  async function startPrometheus(): Promise<void> {
    const node = lab.lab.node('n1');
    const targets = members.map((name) => `${lab.lab.node(name).addresses.ipv4}:${httpPort}`);
    const configuration = {
      global: { scrape_interval: '1s' },
      scrape_configs: [{ job_name: 'porterlb', static_configs: [{ targets }] }],
    };
    const file = join(folder, 'prometheus.yaml');
    // YAML is a superset of JSON.
    await writeFile(file, JSON.stringify(configuration));
    await node.spawn('prometheus', [
      'prometheus',
      `--config.file=${file}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      '--web.listen-address=127.0.0.1:9090',
    ]);
  }

  /** Waits until an expression has results, with the labels that its legend names. */
  async function hasData(expr: string, legend: string): Promise<void> {
    await until(async () => (await query(expr)).length > 0, { what: `data of ${expr}` });
    const wanted = [...legend.matchAll(/\{\{(\w+)\}\}/g)].map(([, label]) => label ?? '');
    const found = await query(expr);
    // Prometheus takes a label that is empty for one that is missing, such as the resource of a ping.
    for (const label of wanted)
      assert.ok(
        found.some(({ metric }) => label in metric),
        `${label} of ${expr}`,
      );
  }

  for (const { title: row, panels } of DASHBOARD) {
    for (const { title, queries } of panels) {
      test(`${row}: ${title}`, async () => {
        for (const { expr, legend } of queries) {
          await hasData(expr(ofThisCluster), legend);
          await hasData(expr(ofChosenClusters).replaceAll('$cluster', '.*'), legend);
        }
      });
    }
  }

  test('no alert is pending where all is well, and every expression is one', async () => {
    for (const { name, expr } of [...ALERTS.values()].flat()) {
      await until(async () => (await query(expr)).length === 0, {
        what: `${name} not to be pending`,
        explain: async () => JSON.stringify(await query(expr)),
      });
    }
  });
});
