import type { Chapter, Metric } from './metric.ts';
import { announcing, pools } from './tables/addresses.ts';
import { cluster } from './tables/cluster.ts';
import { health } from './tables/health.ts';
import { bfd } from './tables/bfd.ts';
import { bgp, layer2 } from './tables/network.ts';
import { process } from './tables/process.ts';
import { replica } from './tables/replica.ts';

/** Every metric that there is: what is served and what docs/reference/metrics.md says are made from this. */
export const CHAPTERS: readonly Chapter[] = [replica, pools, announcing, bgp, bfd, layer2, health, cluster, process];

export const METRICS: readonly Metric[] = CHAPTERS.flatMap(({ metrics }) => metrics);
