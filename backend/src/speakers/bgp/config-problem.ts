import type { PeerConfig } from './model.ts';
import { addressBytes, identifierBytes } from './wire/address.ts';

interface Check {
  readonly problem: string;
  readonly fails: (config: PeerConfig) => boolean;
}

const isInteger = (value: number, min: number, max: number): boolean =>
  Number.isInteger(value) && value >= min && value <= max;
const isAs = (value: number): boolean => isInteger(value, 1, 0xffffffff);
const isHoldTime = (value: number): boolean => value === 0 || isInteger(value, 3, 0xffff);

const isTtl = (value: number): boolean => isInteger(value, 1, 255);
/** What the kernel takes as a key of TCP-MD5. */
const maxPasswordBytes = 80;

function parses(parse: (text: string) => Uint8Array, text: string): boolean {
  try {
    return parse(text).some((octet) => octet !== 0);
  } catch {
    return false;
  }
}

const checks: readonly Check[] = [
  // A link-local address has its zone behind it.
  { problem: 'address', fails: ({ address }) => !parses(addressBytes, address.replace(/%.*$/, '')) },
  { problem: 'port', fails: ({ port }) => !isInteger(port, 1, 0xffff) },
  { problem: 'AS number', fails: ({ localAs, peerAs }) => !isAs(localAs) || !isAs(peerAs) },
  { problem: 'router id', fails: ({ routerId }) => !parses(identifierBytes, routerId) },
  { problem: 'hold time', fails: ({ holdTimeSeconds }) => !isHoldTime(holdTimeSeconds) },
  { problem: 'list of families', fails: ({ families }) => families.length === 0 },
  { problem: 'password', fails: ({ password }) => new TextEncoder().encode(password ?? '').length > maxPasswordBytes },
  { problem: 'TTL', fails: ({ ttl = 1, ttlSecurityHops = 1 }) => !isTtl(ttl) || !isTtl(ttlSecurityHops) },
  {
    problem: 'restart time',
    fails: ({ gracefulRestart }) =>
      gracefulRestart !== undefined && !isInteger(gracefulRestart.restartTimeSeconds, 0, 4095),
  },
];

/** Why no session is possible with this configuration, if so. Whoever made it should have checked; one bad peer must not hurt others. */
export function configProblem(config: PeerConfig): string | undefined {
  const failed = checks.find(({ fails }) => fails(config));
  return failed === undefined ? undefined : `the configured ${failed.problem} is not valid`;
}
