import { ManagerLab } from './scenarios/manager/manager-lab.ts';
import { eip, ours } from './local/objects.ts';
const lab = await ManagerLab.up({ members: ['n1', 'n2', 'n3'] });
try {
  await lab.lab.apply(eip('lan', { addresses: ['10.50.0.200-10.50.0.220', 'fd00:50::1:0/124'], protocol: 'layer2' }));
  const r1 = lab.lab.router('r1');
  for (const i of [1, 2, 3]) {
    const t = performance.now();
    await lab.create(`web${i}`, { spec: ours, annotations: { 'eip.openelb.kubesphere.io/v1alpha2': 'lan' } });
    const ip = await lab.address(`web${i}`);
    console.log(ip, performance.now() - t);
    for (let k = 0; k < 30; k++) {
      await r1.exec('bash', '-c', `echo x > /dev/udp/${ip}/9`).catch((e) => console.log(String(e)));
      const neigh = (await r1.exec('ip', 'neigh', 'show', ip)).trim();
      console.log(performance.now() - t, neigh);
      if (neigh.includes('lladdr')) break;
    }
  }
  await new Promise((r) => setTimeout(r, 3000));
  console.log(JSON.stringify((await lab.service('web1')).status, null, 1));
  console.log(await lab.lab.kubectl(['get', 'eip', 'lan', '-o', 'yaml']));
  for (const n of ['n1', 'n2', 'n3']) console.log(n, (await lab.replicas.log(n)).split('\n').filter((l) => /layer2|links|"level":50/.test(l)).slice(-8).join('\n'));
} finally {
  await lab.down();
}
