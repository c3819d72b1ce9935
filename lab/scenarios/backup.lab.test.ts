/** A cluster is lost, and made anew from what a backup tool or Git has of it: its objects, without what the cluster itself wrote. */
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import type { KubeObject } from '../cluster/api-client.ts';
import { eip, ours, service } from '../local/objects.ts';
import { ManagerLab } from './manager/manager-lab.ts';
import { inPool } from './manager/pools.ts';

const kinds = 'eips.network.kubesphere.io,bgpconfs.network.kubesphere.io,bgppeers.network.kubesphere.io';
const both = { ipFamilies: ['IPv4', 'IPv6'], ipFamilyPolicy: 'RequireDualStack' };

interface Exported extends KubeObject {
  readonly metadata: KubeObject['metadata'] & {
    readonly labels?: object;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly finalizers?: readonly string[];
  };
  readonly spec: Readonly<Record<string, unknown>>;
}

/** As backup tools keep an object: no status, no identity, no addresses that the cluster gave. */
function kept({ apiVersion, kind, metadata, spec }: Exported): KubeObject {
  const { name, namespace, labels, annotations, finalizers } = metadata;
  const { clusterIP: _one, clusterIPs: _all, ...rest } = spec;
  return { apiVersion, kind, metadata: { name, namespace, labels, annotations, finalizers }, spec: rest } as KubeObject;
}

suite('a cluster that is made anew', () => {
  let lost: ManagerLab;
  let anew: ManagerLab;
  let pools: readonly KubeObject[];
  let services: readonly KubeObject[];
  const had = new Map<string, readonly string[]>();

  before(async () => {
    lost = await ManagerLab.up();
    await lost.lab.apply(eip('teams', { address: '172.31.5.0/28' }));
    // Not simply the first addresses in the order of age: some are gone meanwhile, some were wished for.
    for (let i = 0; i < 8; i++) await lost.create(`web-${i}`, { spec: ours });
    await lost.create('teams', { spec: ours, annotations: inPool('teams') });
    await lost.create('dual', { spec: { ...ours, ...both } });
    await lost.create('wished', { spec: ours, annotations: { 'lb.kubesphere.io/ips': '172.30.0.77' } });
    for (const name of ['web-1', 'web-2', 'web-5']) {
      await lost.addresses(name);
      await lost.deleteService(name);
      await lost.gone(name);
    }
    await lost.create('late', { spec: ours });
    const names = ['web-0', 'web-3', 'web-4', 'web-6', 'web-7', 'teams', 'dual', 'wished', 'late'];
    for (const name of names) had.set(name, await lost.addresses(name));
    const list = async (what: string): Promise<KubeObject[]> => {
      const text = await lost.lab.kubectl(['get', what, '-o', 'json']);
      return (JSON.parse(text) as { items: Exported[] }).items.map(kept);
    };
    pools = await list(kinds);
    services = (await list('services')).filter(({ metadata }) => had.has(metadata.name));
    assert.equal(services.length, had.size);
    await lost.down();
    anew = await ManagerLab.up();
  });
  after(() => anew.down());

  test('from a backup: every Service has its address, in whichever order they come', async () => {
    for (const object of [...services].reverse()) await anew.lab.api.create(object);
    for (const object of pools) await anew.lab.apply(object);
    for (const [name, ips] of had) assert.deepEqual([name, await anew.addresses(name)], [name, ips]);
  });

  test('and a new one gets none of theirs', async () => {
    await anew.lab.api.create(service('new', { spec: ours }));
    const [ip] = await anew.addresses('new');
    assert.ok(ip !== undefined && ![...had.values()].flat().includes(ip), ip);
  });
});
