import type { ImageConfig } from './archive.ts';

/** Flags of node, the same when the compile cache is made and when it is used: V8 refuses a cache of other flags. */
export const nodeFlags: readonly string[] = ['--disable-warning=ExperimentalWarning', '--max-semi-space-size=4'];

export const compileCache = '/app/compile-cache';

/** Who the manager runs as by default (nobody). Layer 2 needs UID 0; the cache is there for both. */
export const users: readonly number[] = [65534, 0];

/** How a container of the image starts. The Dockerfile says the same; a test compares them. */
export function managerConfig(version: string, architecture: ImageConfig['architecture']): ImageConfig {
  return {
    architecture,
    user: '65534:65534',
    workingDir: '/app',
    env: { PATH: '/usr/local/bin', NODE_ENV: 'production', NODE_COMPILE_CACHE: compileCache },
    entrypoint: ['/usr/local/bin/node', ...nodeFlags, '/app/backend/src/main.ts'],
    labels: {
      'org.opencontainers.image.title': 'porter-manager',
      'org.opencontainers.image.description': 'PorterLB: load balancer for bare-metal Kubernetes',
      'org.opencontainers.image.version': version,
      'org.opencontainers.image.licenses': 'Apache-2.0',
    },
  };
}
