import type { LinkLayer } from './ports.ts';

/** The data link layer of a host that has no links, or where nobody may use them. */
export const NO_LINKS: LinkLayer = {
  links: () => [],
  setNamed: () => undefined,
  linkTowards: () => undefined,
  solicit: () => undefined,
  neighbours: async () => [],
  watch: () => () => undefined,
  open: (index) => {
    throw new Error(`there is no link ${index}`);
  },
};
