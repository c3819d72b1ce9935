import type { KubeObject } from '../cluster/api-client.ts';
import { heardByRouter, kernelRoutes } from './observe.ts';
import { size, type ChaosWorld } from './world.ts';
import { askZebra, withoutPath } from './zebra.ts';

const logLines = 100;
/** Said again and again while the API server is away. */
const chatter = /"msg":"(watch failed|the API server did not answer a ping|the state is saved)"/;

/** The state of everything, for whoever has to find out what went wrong: routers, objects, and the last words of each replica. */
export async function stateOf({ manager }: ChaosWorld): Promise<string> {
  const parts = [
    ...manager.lab.routers.flatMap((router) => [
      told(`${router.name}: sessions`, () => router.establishedPeers()),
      told(`${router.name}: kernel`, async () => Object.fromEntries(await kernelRoutes(router))),
      told(`${router.name}: in its kernel and not in its bgpd, as zebra has it`, async () => {
        const strange = withoutPath(await heardByRouter(router), await kernelRoutes(router));
        return Object.fromEntries(await askZebra(router, strange));
      }),
      told(`${router.name}: heard`, async () => {
        const { told: heard, retained } = await heardByRouter(router);
        const all = [...heard].map(([from, routes]) => [from, Object.fromEntries(routes)] as const);
        return { ...Object.fromEntries(all), retained };
      }),
    ]),
    ...objects.map((path) => told(path, async () => (await manager.lab.api.list(path)).map(shortened))),
    ...size.nodes.map((node) => told(`replica on ${node}: pid`, () => manager.replicas.pid(node))),
    ...size.nodes.map((node) => told(`replica on ${node}: log`, async () => tail(await manager.replicas.log(node)))),
  ];
  return (await Promise.all(parts)).join('\n');
}

const objects = [
  '/api/v1/namespaces/default/services',
  '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices',
  '/api/v1/nodes',
  ...['eips', 'bgppeers', 'bgpconfs'].map((kind) => `/apis/network.kubesphere.io/v1alpha2/${kind}`),
];

function tail(log: string): string {
  const lines = log.trimEnd().split('\n');
  return lines
    .filter((line) => !chatter.test(line))
    .slice(-logLines)
    .join('\n');
}

async function told(what: string, look: () => Promise<unknown>): Promise<string> {
  const found = await look().catch((error: unknown) => `(${String(error)})`);
  return `${what}: ${typeof found === 'string' ? found : JSON.stringify(found)}`;
}

function shortened({ metadata, ...rest }: KubeObject): object {
  const { managedFields: _, ...kept } = metadata;
  return { ...rest, metadata: kept };
}
