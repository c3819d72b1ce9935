/**
 * The BGP speaker against OpenBGPD, without a cluster; what is asserted is OpenBGPD's table. Needs root, iproute2 and iptables; OpenBGPD
 * is installed.
 */
import { ensurePrograms, progressToStderr } from '../toolchain/index.ts';
import { Interop } from './bgp-routers/interop.ts';
import { scenarios } from './bgp-routers/scenarios.ts';
import { OpenbgpdRouter } from './bgp-routers/openbgpd-router.ts';

async function start(): Promise<OpenbgpdRouter> {
  await ensurePrograms(['/usr/sbin/bgpd', 'bgpctl'], progressToStderr);
  return OpenbgpdRouter.start(`plbob${process.pid}`);
}

scenarios(new Interop(start, OpenbgpdRouter.cannot));
