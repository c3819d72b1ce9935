import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { ours } from '../local/objects.ts';
import { podOn } from '../local/replicas.ts';
import { until } from '../state/until.ts';
import { ManagerLab } from './manager/manager-lab.ts';

const base = '/kapis/porterlb.kubesphere.io/v1alpha1';
const members = ['n1', 'n2'];

interface Explanation {
  readonly result: string;
  readonly sentence: string;
  readonly checks: readonly { readonly check: string; readonly result: string; readonly text: string }[];
  readonly replicas: readonly { readonly name: string; readonly answered: boolean }[];
}

interface Peer {
  readonly live: readonly {
    readonly replica: string;
    readonly state: string;
    readonly prefixesSent: number;
    readonly negotiated: { readonly families: readonly { readonly addPath: boolean }[] } | null;
  }[];
  readonly replicas: readonly { readonly name: string; readonly answered: boolean }[];
}

interface Service {
  readonly paths: readonly {
    readonly ip: string;
    readonly pool: string;
    readonly nodes: readonly { readonly node: string }[];
    readonly peers: readonly { readonly intended: readonly { readonly nextHops: readonly string[] }[] }[];
  }[];
}

interface Node {
  readonly name: string;
  readonly verdict: string;
  readonly evidence: readonly { readonly replica: string }[];
}

suite('replicas explain over HTTPS what they do', () => {
  let lab: ManagerLab;
  let token: string;

  before(async () => {
    lab = await ManagerLab.up({ members, environment: { API: 'true', KUBESPHERE: '' } });
    const { lab: cluster } = lab;
    const name = 'asker';
    await cluster.apply({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name, namespace: 'default' } });
    const binding = ['create', 'clusterrolebinding', name, '--clusterrole=cluster-admin'];
    await cluster.kubectl([...binding, `--serviceaccount=default:${name}`]);
    token = (await cluster.kubectl(['create', 'token', name])).trim();
  });
  after(() => lab.down());

  /** What a replica answers, asked from a third machine; undefined: nothing, or an error. */
  async function ask<T>(member: string, path: string): Promise<T | undefined> {
    const url = `https://${lab.lab.node(member).addresses.ipv4}:17982${base}/${path}`;
    const script = `
      process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';
      const headers = { authorization: 'Bearer ${token}' };
      const answer = await fetch('${url}', { headers }).then(async (r) => (r.ok ? await r.text() : ''), () => '');
      process.stdout.write(answer);`;
    const flags = ['--no-warnings', '--input-type=module', '-e', script];
    const text = await lab.lab.node('n3').exec(process.execPath, ...flags);
    return text === '' ? undefined : (JSON.parse(text) as T);
  }

  async function answers<T>(member: string, path: string, wanted: (answer: T) => boolean): Promise<T> {
    let last: T | undefined;
    const isWanted = async (): Promise<boolean> => {
      last = await ask<T>(member, path);
      return last !== undefined && wanted(last);
    };
    await until(isWanted, {
      what: `${member} to answer ${path} as wanted`,
      explain: async () => `${JSON.stringify(last)}\n${await lab.logTail(member)}`,
    });
    assert.ok(last !== undefined);
    return last;
  }

  test('every one of them says alike that a Service can be reached, by what its router has', async () => {
    await lab.create('web', { spec: ours });
    const ip = await lab.address('web');
    await lab.routed(ip);
    const path = 'namespaces/default/services/web';
    for (const member of members) {
      const told = await answers<Explanation>(member, `${path}/explanation`, ({ result }) => result === 'reachable');
      assert.match(told.sentence, new RegExp(`reached at .*${ip}`));
      assert.deepEqual(
        told.replicas.map(({ name, answered }) => [name, answered]),
        [
          [podOn('n1'), true],
          [podOn('n2'), true],
        ],
      );
      const { paths } = await answers<Service>(member, path, () => true);
      const own = paths.find((each) => each.ip === ip);
      assert.deepEqual([own?.pool, own?.nodes.map(({ node }) => node).toSorted()], ['public', ['n1', 'n2', 'n3']]);
      const hops = own?.peers[0]?.intended[0]?.nextHops.toSorted();
      assert.deepEqual(hops, lab.lab.nodes.map(({ addresses }) => addresses.ipv4).toSorted());
    }
  });

  test('every one of them has the sessions and probes of all', async () => {
    for (const member of members) {
      const { live } = await answers<Peer>(member, 'peers/r1', (peer) => peer.live.length === 2);
      for (const session of live) {
        assert.equal(session.state, 'Established');
        assert.ok(session.negotiated?.families.some(({ addPath }) => addPath));
        assert.ok(session.prefixesSent > 0);
      }
      const { items } = await answers<{ items: Node[] }>(member, 'nodes', ({ items: all }) => all.length === 3);
      for (const { evidence } of items)
        assert.deepEqual(
          evidence.map(({ replica }) => replica),
          members.map(podOn),
        );
    }
  });

  test('one that hangs is named, and the other one goes on answering', async () => {
    const pid = await lab.replicas.pid('n2');
    assert.ok(pid !== undefined);
    process.kill(pid, 'SIGSTOP');
    try {
      const silent = ({ replicas }: Peer): boolean =>
        replicas.some(({ name, answered }) => name === podOn('n2') && !answered);
      const { live } = await answers<Peer>('n1', 'peers/r1', silent);
      assert.deepEqual(
        live.map(({ replica }) => replica),
        [podOn('n1')],
      );
    } finally {
      process.kill(pid, 'SIGCONT');
    }
    await answers<Peer>('n1', 'peers/r1', ({ replicas }) => replicas.every(({ answered }) => answered));
  });
});
