import { bgpConfStories } from '../pages/bgp/bgp-conf.stories.ts';
import { nodeStories } from '../pages/nodes/node.stories.ts';
import { overviewStories } from '../pages/overview/overview.stories.ts';
import { peerStories } from '../pages/peers/peer.stories.ts';
import { poolStories } from '../pages/pools/pool.stories.ts';
import { serviceStories } from '../pages/services/service.stories.ts';
import { tenantStories } from '../pages/tenant/tenant.stories.ts';
import type { Story } from '../testing/story.ts';

/** Every state of every page. */
export const allStories: readonly Story[] = [
  ...overviewStories,
  ...poolStories,
  ...serviceStories,
  ...tenantStories,
  ...bgpConfStories,
  ...nodeStories,
  ...peerStories,
];
