import { MissingRequirements } from './progress.ts';

/** @throws {MissingRequirements} unless this process may make network namespaces. */
export function requireRoot(): void {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) {
    throw new MissingRequirements('The lab makes network namespaces and runs containers: it needs Linux and root.');
  }
}
