/**
 * The BGP speaker against OpenBGPD, without a cluster; what is asserted is OpenBGPD's table. Needs root, iproute2 and iptables; OpenBGPD
 * is installed.
 */
import { before } from 'node:test';
import { ensurePrograms, progressToStderr } from '../toolchain/index.ts';
import { Interop, scenarios } from './bgp-routers/interop.ts';
import { OpenbgpdRouter } from './bgp-routers/openbgpd-router.ts';

before(() => ensurePrograms(['/usr/sbin/bgpd', 'bgpctl'], progressToStderr));
scenarios(new Interop(() => OpenbgpdRouter.start(`plbob${process.pid}`), OpenbgpdRouter.cannot));
