/** A real Prometheus scrapes replicas at work: every panel of the dashboards shows what is so, and no alert is pending. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { ALERTS } from '../../tools/monitoring/alerts.ts';
import { DASHBOARD, type Panel } from '../../tools/monitoring/dashboard.ts';
import { legendOf, ofChosenClusters, ofThisCluster } from '../../tools/monitoring/dashboards.ts';
import { Asker } from '../lan/asker.ts';
import { lanPoolRange } from '../network/plan.ts';
import { httpPort } from '../local/replicas.ts';
import { bgpPeer, bgpPeers, eip, ours } from '../local/objects.ts';
import { until } from '../state/until.ts';
import { ensurePrograms, progressToStderr } from '../toolchain/index.ts';
import { ManagerLab } from './manager/manager-lab.ts';
import { NodeVerdicts } from './manager/node-verdicts.ts';
import { inPool, wanting } from './manager/pools.ts';
import { CUT_OFF, ILL, WELL, wrongWith, type Figures } from './monitoring/panels.ts';

const all = ['n1', 'n2', 'n3'];
const members = ['n1', 'n2'];
/** By silences of three seconds sessions die, not by those moments in which a busy machine has no time for one of the two. */
const detectMultiplier = 10;

interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [time: number, value: string];
}

interface Answer {
  readonly status: string;
  readonly error?: string;
  readonly data: { readonly result: readonly Sample[] };
}

suite('Prometheus looks at replicas under load', () => {
  let lab: ManagerLab;
  let nodes: NodeVerdicts;
  let folder: string;

  before(async () => {
    await ensurePrograms(['prometheus'], progressToStderr);
    folder = await mkdtemp(join(tmpdir(), 'porterlb-prometheus-'));
    lab = await ManagerLab.up({ members, hosts: 1 });
    nodes = new NodeVerdicts(lab);
    for (const node of all) await nodes.serve(node);
    await haveBfd();
    await startPrometheus();
    await lab.lab.apply(eip('lan', { address: lanPoolRange.ipv4, protocol: 'layer2' }));
    // Rates are of what changes after Prometheus has looked for the first time.
    await sees('count(porterlb_service_allocation_seconds_count)');
    for (let i = 0; i < 4; i++) await serve(i);
    await sees('porterlb_layer2_announcements_total');
    for (let i = 4; i < 8; i++) await serve(i);
    await sees('sum(porterlb_layer2_addresses{state="announcing"}) == 4');
    await askForAddresses();
  });
  after(async () => {
    await lab.down();
    await rm(folder, { recursive: true });
  });

  /** The router first: FRR gives BFD to sessions of a range when they come up. */
  async function haveBfd(): Promise<void> {
    await lab.lab.router('r1').startBfd(`${detectMultiplier} 200 200`);
    await lab.lab.router('r1').vtysh('clear bgp *');
    await lab.sessions(...members);
    for (const { metadata } of bgpPeers(lab.lab.routers))
      await lab.lab.api.patch(`/apis/network.kubesphere.io/v1alpha2/bgppeers/${metadata.name}`, {
        spec: { bfd: { enabled: true, detectMultiplier } },
      });
  }

  async function startPrometheus(): Promise<void> {
    const node = lab.lab.node('n1');
    const targets = members.map((name) => ({
      targets: [`${lab.lab.node(name).addresses.ipv4}:${httpPort}`],
      labels: { instance: name },
    }));
    const configuration = {
      global: { scrape_interval: '1s' },
      scrape_configs: [{ job_name: 'porterlb', static_configs: targets }],
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

  /** Half of them from the router's pool, half from that of the LAN. */
  async function serve(i: number): Promise<void> {
    await lab.create(`web-${i}`, { annotations: i % 2 === 0 ? {} : inPool('lan'), spec: ours });
    await lab.address(`web-${i}`);
  }

  async function askForAddresses(): Promise<void> {
    const ips = await Promise.all([1, 3, 5, 7].map((i) => lab.address(`web-${i}`)));
    const asker = new Asker(lab.lab.host('h1'));
    await asker.ask({ ips, rounds: 10, pauseMs: 50, timeoutMs: 1_000 });
    asker.close();
  }

  /** What Prometheus answers, asked on the machine that it runs on. */
  async function query(expr: string): Promise<readonly Sample[]> {
    const text = await lab.lab
      .node('n1')
      .exec('curl', '-sS', '--data-urlencode', `query=${expr}`, 'http://127.0.0.1:9090/api/v1/query');
    const { status, error, data } = JSON.parse(text) as Answer;
    assert.equal(status, 'success', `${expr}: ${error ?? ''}`);
    return data.result;
  }

  async function sees(expr: string): Promise<void> {
    await until(async () => (await query(expr)).length > 0, { what: `data of ${expr}` });
  }

  /** All series of a panel by the names that its legends give them. */
  async function shownBy(panel: Panel, of: typeof ofThisCluster): Promise<Map<string, number>> {
    const shown = new Map<string, number>();
    for (const { expr, legend } of panel.queries) {
      for (const { metric, value } of await query(expr(of).replaceAll('$cluster', '.*'))) {
        const name = legendOf(legend).replace(/\{\{(\w+)\}\}/g, (_, label: string) => metric[label] ?? '');
        assert.ok(!shown.has(name), `${panel.title} shows ${name} twice`);
        shown.set(name, Number(value[1]));
      }
    }
    return shown;
  }

  async function shows(panel: Panel, expected: Figures): Promise<void> {
    for (const which of [ofThisCluster, ofChosenClusters]) {
      let shown = new Map<string, number>();
      const isRight = async (): Promise<boolean> => {
        shown = await shownBy(panel, which);
        return wrongWith(shown, expected) === undefined;
      };
      const explain = (): string => `${wrongWith(shown, expected)}: ${JSON.stringify([...shown])}`;
      await until(isRight, { what: `${panel.title} to show what is so`, explain });
    }
  }

  async function allShow(figures: Readonly<Record<string, Figures>>): Promise<void> {
    const panels = DASHBOARD.flatMap((row) => row.panels).filter(({ title }) => title in figures);
    assert.equal(panels.length, Object.keys(figures).length);
    for (const panel of panels) await shows(panel, figures[panel.title] ?? {});
  }

  for (const { title: row, panels } of DASHBOARD) {
    for (const panel of panels) {
      test(`${row}: ${panel.title}`, async () => {
        const expected = WELL[panel.title];
        assert.ok(expected !== undefined, 'nobody says what this panel has to show');
        await shows(panel, expected);
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

  test('what goes wrong shows', async () => {
    await nodes.end('n3');
    await lab.lab.apply(bgpPeer({ ...lab.lab.router('r1'), name: 'gone' }, '10.50.0.99'));
    await lab.create('nowhere', { annotations: wanting('192.0.2.1'), spec: ours });
    await lab.create('contested', { annotations: inPool('lan'), spec: ours });
    // Before it has taken the address, it would leave it to the host. After that it asks the LAN again, 2 and 10 s later.
    await lab.announcedBecause('contested', 'Announced');
    const ip = await lab.address('contested');
    await lab.lab.host('h1').exec('ip', 'address', 'add', `${ip}/24`, 'dev', 'eth0');
    await allShow(ILL);
  });

  test('the API is not there: that shows, and numbers that nobody knows are missing, not 0', async () => {
    await lab.lab.stopApiServer();
    await allShow(CUT_OFF);
    await Promise.all(members.map((name) => lab.replicas.stop(name)));
    const numbers = DASHBOARD.flatMap((row) => row.panels).filter((panel) => panel.shows === 'number');
    for (const panel of numbers)
      await until(async () => (await shownBy(panel, ofThisCluster)).size === 0, {
        what: `${panel.title} to show nothing`,
      });
  });
});
