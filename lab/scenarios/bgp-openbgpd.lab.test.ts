/**
 * The BGP speaker against OpenBGPD, without a cluster; what is asserted is OpenBGPD's table. Needs root and iproute2; OpenBGPD is installed.
 */
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { until } from '../state/until.ts';
import { ensurePrograms, progressToStderr } from '../toolchain/index.ts';
import { Interop, scenarios } from './bgp-routers/interop.ts';
import { OpenbgpdRouter } from './bgp-routers/openbgpd-router.ts';

before(() => ensurePrograms(['/usr/sbin/bgpd', 'bgpctl'], progressToStderr));
const lab = new Interop(() => OpenbgpdRouter.start(`plbob${process.pid}`));
scenarios(lab);

test('a router that asks gets all routes again, and has the same as before', async () => {
  const speaker = await lab.speaker({ 1: [11, 12], 2: [13] });
  await lab.routed({ 1: [11, 12], 2: [13] });
  const before = await lab.router.updatesReceived();
  await lab.router.refresh();
  await until(async () => (await lab.router.updatesReceived()) >= before + 4, {
    what: 'two UPDATEs more of each family',
    explain: () => lab.router.log,
  });
  await lab.routed({ 1: [11, 12], 2: [13] });
  assert.equal(speaker.session('v4')?.counters.lost, 0);
});
