import { isNotFound } from '../cluster/errors.ts';
import type { Kube } from '../cluster/kube.ts';
import { customResourceDefinitions, type CustomResourceDefinition } from '../cluster/kinds.ts';
import { crdOf, KINDS } from '../resources/crd.ts';
import { CRD_KEYS, GROUP } from '../resources/keys.ts';
import { eventually, type HookDeps } from './hook.ts';

const WAIT = { everyMs: 500, timeoutMs: 60_000 };
const FIELD_MANAGER = 'porterlb-crds';

/**
 * Brings the CRDs to the state of this program, whoever made them: Helm installs those of a chart once and never touches them again. One of
 * a newer program stays: it has all that ours has, and without its other fields the next write of an object would lose them, a pool its
 * selector for example. Resolves when the API server serves them all.
 */
export async function upgradeCustomResources(deps: HookDeps): Promise<void> {
  const { api, logger } = deps;
  for (const kind of KINDS) {
    const name = `${kind.plural}.${GROUP}`;
    const body = crdOf(kind) as CustomResourceDefinition;
    const change = { type: 'apply', body, fieldManager: FIELD_MANAGER, force: true } as const;
    await eventually(deps, { ...WAIT, what: `${name} to be taken` }, async () => {
      const [ours, there] = [versionOf(body), versionOf(await present(api, name))];
      const isNewer = isLater(there, ours);
      if (isNewer) logger.warn({ crd: name, version: there, ours }, 'the CRD is of a newer version, it stays as it is');
      else await api.patch(customResourceDefinitions, { name }, change);
      return true;
    });
    await eventually(deps, { ...WAIT, what: `${name} to be served` }, async () =>
      isServed(await api.get(customResourceDefinitions, { name })),
    );
    logger.info({ crd: name }, 'the CRD is served');
  }
}

async function present(api: Kube, name: string): Promise<CustomResourceDefinition | undefined> {
  try {
    return await api.get(customResourceDefinitions, { name });
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

/** Of the program that it is from; empty: of one before versions were written down, or of another product. */
function versionOf(crd: CustomResourceDefinition | undefined): string {
  return crd?.metadata?.annotations?.[CRD_KEYS.version] ?? '';
}

/** `1.2.3`, `1.2.3-rc.1` (SemVer 2.0.0). */
const SEMVER = /^(\d+\.\d+\.\d+)(?:-([0-9A-Za-z.-]+))?(?:\+|$)/;

/** Whether version `a` comes after `b`. What is no version comes after none. */
function isLater(a: string, b: string): boolean {
  const [, release, candidate] = SEMVER.exec(a) ?? [];
  const [, otherRelease, otherCandidate] = SEMVER.exec(b) ?? [];
  if (release === undefined || otherRelease === undefined) return false;
  const order = byNumbers(release, otherRelease);
  if (order !== 0) return order > 0;
  // Candidates come before their release.
  return otherCandidate !== undefined && (candidate === undefined || byNumbers(candidate, otherCandidate) > 0);
}

function byNumbers(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true });
}

function isServed({ status }: CustomResourceDefinition): boolean {
  return (
    status?.conditions?.some((condition) => condition.type === 'Established' && condition.status === 'True') === true
  );
}
