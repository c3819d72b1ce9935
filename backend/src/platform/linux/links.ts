import { networkInterfaces } from 'node:os';
import type { Links } from '../ports.ts';

export const systemLinks: Links = {
  connectedPrefixes: () =>
    Object.values(networkInterfaces())
      .flatMap((addresses) => addresses ?? [])
      .flatMap((address) => (address.internal || address.cidr === null ? [] : [address.cidr])),
};
