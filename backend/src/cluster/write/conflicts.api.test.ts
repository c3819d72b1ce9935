import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { LightLab, until } from '../../../../lab/index.ts';
import { systemClock } from '../../platform/linux/clock.ts';
import { MAX_CONFLICTS } from '../../domain/pool.ts';
import { eips } from '../custom-kinds.ts';
import { HttpKube } from '../http/http-kube.ts';
import { readKubeconfig } from '../http/kubeconfig.ts';
import { applyOwnStatus, patchFenced } from './apply-status.ts';
import { describeConflicts } from './conflicts-compliance.ts';

let lab: LightLab;
let api: HttpKube;

before(async () => {
  lab = await LightLab.up();
  const config = await readKubeconfig(lab.kubeconfig, systemClock);
  api = new HttpKube({ clock: systemClock }, { config });
  await lab.kubectl(['apply', '-f', join(import.meta.dirname, '../../../../charts/backend/crds')]);
  const isServed = async (): Promise<boolean> =>
    await api.list(eips, {}).then(
      () => true,
      () => false,
    );
  await until(isServed, { what: 'Eips to be served' });
});
after(async () => {
  await api.close();
  await lab.down();
});

describeConflicts('a real API server', () => Promise.resolve(api));

test('as many conflicts as 16 replicas may write fit into an Eip, and are columns of kubectl', async () => {
  const ref = { name: 'full' };
  await api.create(eips, { metadata: ref, spec: { address: '192.0.2.0/24', protocol: 'layer2' } });
  for (let i = 0; i < 16; i += 1) {
    const replica = `porter-manager-${i}`;
    const conflicts = Array.from({ length: MAX_CONFLICTS }, (_, n) => ({
      ...{ replica, ip: `2001:db8:ffff:ffff:ffff:ffff:ffff:${n}`, mac: '02:00:5e:10:00:0a', link: 'eth0' },
      ...{ node: 'n1', announced: true, since: '2026-01-01T00:00:00.000Z' },
    }));
    await applyOwnStatus(api, eips, { ref, replica, status: { conflicts } });
  }
  assert.equal((await api.get(eips, ref)).status?.conflicts?.length, 16 * MAX_CONFLICTS);
  const lastTransitionTime = '2026-01-01T00:00:00Z';
  const conditions = [{ type: 'AddressConflict', status: 'True', reason: 'X', message: '', lastTransitionTime }];
  const fields = { status: { conditions } };
  await patchFenced(api, eips, await api.get(eips, ref), { type: 'merge', fields, subresource: 'status' });
  assert.match(await lab.kubectl(['get', 'eip', 'full']), /CONFLICT.*\n.* True /);
});
