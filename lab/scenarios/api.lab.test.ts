import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { eip, ours } from '../local/objects.ts';
import { podOn } from '../local/replicas.ts';
import { until } from '../state/until.ts';
import { ManagerLab } from './manager/manager-lab.ts';
import { inPool } from './manager/pools.ts';

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

interface ServicePage {
  readonly items: readonly {
    readonly name: string;
    readonly takers: readonly {
      readonly ip: string;
      readonly protocol: string;
      readonly nodes: readonly string[] | null;
    }[];
  }[];
  readonly replicas: readonly { readonly name: string; readonly answered: boolean }[];
}

interface Overview {
  readonly picture: {
    readonly edges: readonly { readonly from: string; readonly to: string; readonly kind: string }[];
  };
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
  async function ask<T>(member: string, path: string, body?: object): Promise<T | undefined> {
    const url = `https://${lab.lab.node(member).addresses.ipv4}:17982${base}/${path}`;
    const script = `
      process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';
      const headers = { authorization: 'Bearer ${token}', 'content-type': 'application/json' };
      const options = { headers, ...${JSON.stringify(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) })} };
      const answer = await fetch('${url}', options).then(async (r) => (r.ok ? await r.text() : ''), () => '');
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
      const told = await answers<Explanation>(
        member,
        `${path}/explanation`,
        ({ result, replicas }) => result === 'reachable' && replicas.every(({ answered }) => answered),
      );
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

  /** All that there is to ask, of a cluster with a Service that is announced and one that waits. */
  const everything: readonly (readonly [path: string, body?: object])[] = [
    ...['version', 'overview', 'preflight', 'nodes', 'openapi.json'].map((path) => [path] as const),
    ...['pools', 'pools/public', 'pools/public/addresses', 'pools/small/addresses?limit=-1'].map(
      (path) => [path] as const,
    ),
    ...['peers', 'peers/r1', 'services?sortBy=createTime', 'namespaces/default/services'].map(
      (path) => [path] as const,
    ),
    ...['web', 'waits'].flatMap((name) => {
      const path = `namespaces/default/services/${name}`;
      return [[path] as const, [`${path}/explanation`] as const];
    }),
    ['simulations', { drainNodes: ['n3'], pools: [{ name: 'public', disable: true }] }],
  ];
  /** What goes on while one is asked after the other. */
  const ticking: ReadonlySet<string> = new Set(['counters', 'answeredAt']);

  test('who leads and who does not answer everything alike, to the letter', async () => {
    await lab.lab.apply(eip('small', { address: '172.31.0.0/30' }));
    await lab.create('waits', { spec: ours, annotations: inPool('nowhere') });
    await lab.allocatedBecause('waits', 'PoolNotFound');
    const alike = async (path: string, body?: object): Promise<boolean> => {
      const [one, other] = await Promise.all(
        members.map(async (member) => {
          const answer = await ask<object>(member, path, body);
          return answer && JSON.stringify(answer, (key, value: unknown) => (ticking.has(key) ? undefined : value));
        }),
      );
      if (one !== undefined && one === other) return true;
      throw new Error(`${String(one)}\n${String(other)}`);
    };
    for (const [path, body] of everything) {
      await until(() => alike(path, body), { what: `both to answer ${path} alike` });
    }
    const leading = (each: { replicas: { leads: boolean }[] }): string =>
      each.replicas
        .map(({ leads }) => leads)
        .toSorted()
        .join();
    await answers<{ replicas: { leads: boolean }[] }>('n1', 'version', (each) => leading(each) === 'false,true');
  });

  test('every one of them lists alike who takes the traffic of Services, and draws who answers on which network', async () => {
    await lab.lab.apply(eip('office', { address: '10.50.0.200-10.50.0.219', protocol: 'layer2' }));
    await lab.create('desk', { spec: ours, annotations: inPool('office') });
    const ip = await lab.address('desk');
    const takersOf = ({ items }: ServicePage, name: string): readonly string[] | undefined =>
      items.find((service) => service.name === name)?.takers[0]?.nodes?.toSorted();
    const owners = new Set<string | undefined>();
    for (const member of members) {
      const page = await answers<ServicePage>(
        member,
        'services',
        (each) =>
          takersOf(each, 'desk')?.length === 1 &&
          takersOf(each, 'web')?.length === 3 &&
          each.replicas.every(({ answered }) => answered),
      );
      assert.deepEqual(takersOf(page, 'web'), ['n1', 'n2', 'n3']);
      assert.deepEqual(page.items.find(({ name }) => name === 'desk')?.takers[0]?.ip, ip);
      const [owner] = takersOf(page, 'desk') ?? [];
      owners.add(owner);
      const drawn = [`node/${owner} answers link/10.50.0.0/24`, 'pool/office announces link/10.50.0.0/24'];
      await answers<Overview>(member, 'overview', ({ picture: { edges } }) => {
        const told = edges.map(({ from, to, kind }) => `${from} ${kind} ${to}`);
        return drawn.every((edge) => told.includes(edge));
      });
    }
    assert.equal(owners.size, 1);
  });

  test('every one of them has the sessions and probes of all', async () => {
    for (const member of members) {
      const { live } = await answers<Peer>(member, 'peers/r1', (peer) => peer.live.length === 2);
      for (const session of live) {
        assert.equal(session.state, 'Established');
        assert.ok(session.negotiated?.families.some(({ addPath }) => addPath));
        assert.ok(session.prefixesSent > 0);
      }
      // One that takes long to answer is left out of an answer.
      const ofAll = ({ evidence }: Node): boolean =>
        evidence.map(({ replica }) => replica).join() === members.map(podOn).join();
      await answers<{ items: Node[] }>(member, 'nodes', ({ items: all }) => all.length === 3 && all.every(ofAll));
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
