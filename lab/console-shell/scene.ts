import { eip, ours } from '../local/objects.ts';
import { pathOf, type ManagerLab } from '../scenarios/manager/manager-lab.ts';
import { inPool, wanting } from '../scenarios/manager/pools.ts';

/** Something of everything that pages show: pools of both protocols, full, disabled; Services with addresses, and without for several reasons. */
export async function setScene(manager: ManagerLab): Promise<void> {
  const pools = [
    eip('edge', {
      ...{ address: '192.0.2.0/26', protocol: 'bgp', avoidBuggyIPs: true, reuseAfterSeconds: 3_600, priority: 10 },
      ...{ bgp: { communities: ['64512:100'] }, namespaces: ['shop'] },
    }),
    eip('office', { address: '10.50.0.200-10.50.0.219', protocol: 'layer2' }),
    eip('single', { address: '203.0.113.10', protocol: 'bgp' }),
    eip('retired', { address: '198.51.100.0/29', protocol: 'bgp', disable: true }),
  ];
  for (const pool of pools) await manager.lab.apply(pool);
  const both = { ...ours, ipFamilyPolicy: 'RequireDualStack' };
  await manager.create('shop/web', { spec: both });
  await manager.create('shop/checkout', { spec: { ...ours, externalTrafficPolicy: 'Local' } }, ['n1', 'n3']);
  await manager.create('shop/search', { spec: ours, annotations: inPool('edge') });
  await manager.create('blog/front', { spec: ours, annotations: inPool('office') });
  await manager.create('blog/feed', { spec: ours, annotations: inPool('single') });
  for (const name of ['shop/web', 'shop/checkout', 'shop/search', 'blog/front', 'blog/feed'])
    await manager.address(name);
  // Waiting: nothing is left; nobody has that address; nobody answers behind it.
  await manager.create('blog/comments', { spec: ours, annotations: inPool('single') });
  await manager.create('shop/beta', { spec: ours, annotations: wanting('192.0.2.200') });
  await manager.create('shop/empty', { spec: ours }, []);
  for (let i = 1; i <= 12; i++) await manager.create(`blog/site-${i}`, { spec: ours });
  await manager.address('blog/site-12');
  for (let i = 1; i <= 9; i++) await manager.create(`shop/store-${i}`, { spec: ours, annotations: inPool('edge') });
  for (let i = 1; i <= 9; i++) await manager.address(`shop/store-${i}`);
  // What they had rests.
  for (const i of [3, 7, 8]) await manager.lab.api.delete(pathOf(`shop/store-${i}`));
}

/** A cluster in which PorterLB was installed a moment ago: what a lab of the manager begins with is gone. */
export async function clearScene(manager: ManagerLab): Promise<void> {
  const { api, routers } = manager.lab;
  const objects = ['eips/public', ...routers.map(({ name }) => `bgppeers/${name}`), 'bgpconfs/default'];
  for (const object of objects) await api.delete(`/apis/network.kubesphere.io/v1alpha2/${object}`);
  await manager.sessions();
}
