/** The cluster of `npm run bench:api`: pools, nodes and Services on a real API server, as users and kubelets write them. */
import { join } from 'node:path';
import type { Kube } from '../../backend/src/cluster/kube.ts';
import { endpointSlices, services } from '../../backend/src/cluster/kinds.ts';
import type { KubeObject } from '../cluster/api-client.ts';
import type { LightLab } from '../light-lab.ts';
import { inNamespace, ip } from '../network/topology.ts';
import { WAITING } from './api-load.ts';
import { inParallel } from './figures.ts';
import { service, slice } from './services.ts';

const POOLS = 200;
const NODES = 100;
const NAMESPACES = 50;
/** Nodes that are one machine: of the nodes' network, beyond those that the lab gives away itself. */
const FIRST_ADDRESS = 128;
const LANES = 16;
const POOL_KEY = 'eip.porter.kubesphere.io/v1alpha2';
const serviceProxy = join(import.meta.dirname, '../scenarios/manager/service-proxy.ts');

export const WORLD = { pools: POOLS, nodes: NODES };

export interface Place {
  readonly namespace: string;
  readonly name: string;
}

export function placeOf(i: number): Place {
  return { namespace: `ns${i % NAMESPACES}`, name: `s${i}` };
}

/** 16,384 addresses each, beside all networks of the lab. */
function pool(i: number): KubeObject {
  const address = `100.${64 + (i >> 2)}.${(i & 3) * 64}.0/18`;
  return {
    apiVersion: 'network.kubesphere.io/v1alpha2',
    kind: 'Eip',
    metadata: { name: `pool${i}` },
    spec: { address },
  };
}

/** A Service like that of `service()` elsewhere. */
export function serviceAt({ namespace, name }: Place, poolName: string, policy: 'Cluster' | 'Local'): KubeObject {
  const object = service({ name, policy, nodePorts: false });
  return { ...object, metadata: { name, namespace, annotations: { [POOL_KEY]: poolName } } };
}

export function sliceAt({ namespace, name }: Place, nodes: readonly string[]): KubeObject {
  const object = slice(name, nodes);
  return { ...object, metadata: { ...object.metadata, namespace } };
}

/** Nodes n4, n5, ... whose health ports one machine answers. */
async function addNodes(lab: LightLab): Promise<void> {
  const host = lab.host('h1');
  const addresses = Array.from({ length: NODES - lab.nodes.length }, (_, i) => `10.50.0.${FIRST_ADDRESS + i}`);
  await ip(
    host.namespace,
    addresses.map((address) => `address add ${address}/24 dev eth0`),
  );
  const command = [...inNamespace(host.namespace), process.execPath, serviceProxy, '{"/livez": 200}'];
  await lab.spawn('h1.kube-proxies', command);
  await lab.addNodes(addresses.map((address, i) => ({ name: `n${lab.nodes.length + 1 + i}`, addresses: [address] })));
}

/** Makes everything but the replicas. */
export async function buildWorld(lab: LightLab, kube: Kube, count: number): Promise<void> {
  await addNodes(lab);
  await inParallel(POOLS, LANES, async (i) => void (await lab.api.create(pool(i))));
  await inParallel(NAMESPACES, LANES, async (i) => {
    await lab.api.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: `ns${i}` } });
  });
  await kube.create(services, serviceAt(WAITING, 'nowhere', 'Cluster'));
  await inParallel(count, LANES, async (i) => {
    await kube.create(endpointSlices, sliceAt(placeOf(i), ['n1', 'n2']) as never);
    await kube.create(services, serviceAt(placeOf(i), `pool${i % POOLS}`, 'Cluster'));
  });
}

/** A token of somebody who may see everything. */
export async function tokenIn(lab: LightLab): Promise<string> {
  const name = 'asker';
  await lab.kubectl(['create', 'serviceaccount', name, '-n', 'default']);
  const rights = ['--clusterrole=cluster-admin', `--serviceaccount=default:${name}`];
  await lab.kubectl(['create', 'clusterrolebinding', name, ...rights]);
  return (await lab.kubectl(['create', 'token', name, '-n', 'default', '--duration=6h'])).trim();
}
