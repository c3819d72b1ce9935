/**
 * The BGP speaker against GoBGP, without a cluster; what is asserted is GoBGP's table. Needs root, iproute2 and iptables; GoBGP is
 * installed.
 */
import { before } from 'node:test';
import { ensurePrograms, progressToStderr } from '../toolchain/index.ts';
import { GobgpRouter } from './bgp-routers/gobgp-router.ts';
import { Interop, scenarios } from './bgp-routers/interop.ts';

before(() => ensurePrograms(['gobgpd', 'gobgp'], progressToStderr));
scenarios(new Interop(() => GobgpRouter.start(`plbgo${process.pid}`), GobgpRouter.cannot));
