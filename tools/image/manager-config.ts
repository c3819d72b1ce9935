import type { ImageConfig } from './archive.ts';

/** Flags of node, the same when the compile cache is made and when it is used: V8 refuses a cache of other flags. */
export const nodeFlags: readonly string[] = [
  '--disable-warning=ExperimentalWarning',
  // A question to the REST API is over before its young generation is full: with less, what is under way grows old, and V8 stops everything to collect that.
  '--max-semi-space-size=8',
  // Where a replica has one core, V8's threads that mark beside it take most of that for some tenths of a second: marked in steps, its work goes on.
  '--no-concurrent-marking',
  // It collects all at once when there is little to do, and leaves so little room that V8 has to again every few seconds.
  '--no-memory-reducer',
  // As in Node.js 22: else no young generation is collected while V8 marks, and what that is filled with meanwhile ends the marking all at once.
  '--no-separate-gc-phases',
  // With a heap as small as the chart's limit makes it, V8 collects it when it has grown by a third, which in a large cluster is every few seconds of many
  // questions. Where no limit is set it would let it grow to as much as four times its size: this holds there, too.
  '--heap-growing-percent=80',
  // Keeps the threads from copying V8's builtins next to their code: 2.5 MiB less.
  '--no-short-builtin-calls',
];

/**
 * The C library's allocator. It keeps freed memory by default, most of all what V8's compilers used at the start, in one arena per
 * thread: 11 MiB more. Large blocks are mapped, thus given back when freed (a limit that is set doesn't grow by itself), and so is
 * what is free at the end of the only arena.
 */
const allocator = {
  MALLOC_ARENA_MAX: '1',
  MALLOC_MMAP_THRESHOLD_: '32768',
  MALLOC_TOP_PAD_: '0',
  MALLOC_TRIM_THRESHOLD_: '131072',
};

export const compileCache = '/app/compile-cache';

/** Who the manager runs as by default (nobody). Layer 2 needs UID 0; the cache is there for both. */
export const users: readonly number[] = [65534, 0];

/** How a container of the image starts. The Dockerfile says the same; a test compares them. */
export function managerConfig(version: string, architecture: ImageConfig['architecture']): ImageConfig {
  return {
    architecture,
    user: '65534:65534',
    workingDir: '/app',
    env: { PATH: '/usr/local/bin', NODE_ENV: 'production', NODE_COMPILE_CACHE: compileCache, ...allocator },
    entrypoint: ['/usr/local/bin/node', ...nodeFlags, '/app/backend/src/main.ts'],
    labels: {
      'org.opencontainers.image.title': 'porter-manager',
      'org.opencontainers.image.description': 'PorterLB: load balancer for bare-metal Kubernetes',
      'org.opencontainers.image.version': version,
      'org.opencontainers.image.licenses': 'Apache-2.0',
    },
  };
}
