import { canonicalAddress } from '../domain/address.ts';
import type { BgpSettings } from '../domain/peer.ts';
import { bgpConfSpec } from './bgp-conf.ts';
import type { BgpConfSpec } from './bgp-conf.ts';
import { BGP_CONF_NAME } from './keys.ts';
import {
  DEFAULT_GRACEFUL_RESTART,
  identityOf,
  ignoredRestartFields,
  meaningless,
  parseSpec,
  toGracefulRestart,
} from './parse.ts';
import type { Notice, Parse, StoredObject } from './parse.ts';

const SHARED_ROUTER_ID: Notice = {
  field: 'spec.routerId',
  message:
    'every replica uses this one identifier, though identifiers must differ within an AS (RFC 6286); leave it empty',
};

/** What a process without NET_BIND_SERVICE may open, unless the node's `net.ipv4.ip_unprivileged_port_start` says otherwise. */
const FIRST_UNPRIVILEGED_PORT = 1024;

const PRIVILEGED_PORT: Notice = {
  field: 'spec.listenPort',
  message: `is below ${FIRST_UNPRIVILEGED_PORT}, which takes a capability that the manager does not have; its log says whether it listens`,
};

function warningsOf({ routerId, listenPort }: BgpSettings): Notice[] {
  return [
    ...(routerId === undefined ? [] : [SHARED_ROUTER_ID]),
    ...(listenPort > 0 && listenPort < FIRST_UNPRIVILEGED_PORT ? [PRIVILEGED_PORT] : []),
  ];
}

function ignoredOf(spec: BgpConfSpec): string[] {
  const { families, useMultiplePaths, policy, listenAddresses, listenPort = 0 } = spec;
  return [
    // Without a port they say nothing.
    ...meaningless('spec', { listenAddresses: listenPort > 0 ? [] : listenAddresses }),
    ...ignoredRestartFields(spec.gracefulRestart),
    ...meaningless('spec', { families, useMultiplePaths, policy }),
  ];
}

/** The BGP settings from a stored BgpConf. Refused: what the schema refuses, and every name but `default`. */
export function parseBgpConf(object: StoredObject): Parse<BgpSettings> {
  const { name, uid } = identityOf(object);
  if (name !== BGP_CONF_NAME) {
    return {
      ok: false,
      problems: [{ field: 'metadata.name', message: `only the BgpConf named ${BGP_CONF_NAME} is used` }],
    };
  }
  const parsed = parseSpec(bgpConfSpec, object);
  if (!parsed.ok) return parsed;
  const { spec } = parsed;
  const value: BgpSettings = {
    uid,
    as: spec.as,
    asPerRack: spec.asPerRack ?? {},
    routerId: spec.routerId || undefined,
    // OpenELB says "no listener" with -1.
    listenPort: Math.max(0, spec.listenPort ?? 0),
    listenAddresses: (spec.listenAddresses ?? []).map((address) => canonicalAddress(address) ?? address),
    gracefulRestart:
      spec.gracefulRestart === undefined ? DEFAULT_GRACEFUL_RESTART : toGracefulRestart(spec.gracefulRestart),
  };
  return { ok: true, value, ignoredFields: ignoredOf(spec), warnings: warningsOf(value) };
}
