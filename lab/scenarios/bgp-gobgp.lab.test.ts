/**
 * The BGP speaker against GoBGP, without a cluster; what is asserted is GoBGP's table. Needs root, iproute2 and iptables; GoBGP is
 * installed.
 */
import { ensurePrograms, progressToStderr } from '../toolchain/index.ts';
import { GobgpRouter } from './bgp-routers/gobgp-router.ts';
import { Interop } from './bgp-routers/interop.ts';
import { scenarios } from './bgp-routers/scenarios.ts';

async function start(): Promise<GobgpRouter> {
  await ensurePrograms(['gobgpd', 'gobgp'], progressToStderr);
  return GobgpRouter.start(`plbgo${process.pid}`);
}

scenarios(new Interop(start, GobgpRouter.cannot));
