import { customResourceDefinitions, type CustomResourceDefinition } from '../cluster/kinds.ts';
import { crdOf, KINDS } from '../resources/crd.ts';
import { GROUP } from '../resources/keys.ts';
import { eventually, type HookDeps } from './hook.ts';

const WAIT = { everyMs: 500, timeoutMs: 60_000 };
const FIELD_MANAGER = 'porterlb-crds';

/**
 * Brings the CRDs to the state of this program, whoever made them: Helm installs those of a chart once and never touches them again.
 * Resolves when the API server serves them all.
 */
export async function upgradeCustomResources(deps: HookDeps): Promise<void> {
  const { api, logger } = deps;
  for (const kind of KINDS) {
    const name = `${kind.plural}.${GROUP}`;
    const body = crdOf(kind) as CustomResourceDefinition;
    const change = { type: 'apply', body, fieldManager: FIELD_MANAGER, force: true } as const;
    await eventually(deps, { ...WAIT, what: `${name} to be taken` }, async () => {
      await api.patch(customResourceDefinitions, { name }, change);
      return true;
    });
    await eventually(deps, { ...WAIT, what: `${name} to be served` }, async () =>
      isServed(await api.get(customResourceDefinitions, { name })),
    );
    logger.info({ crd: name }, 'the CRD is up to date');
  }
}

function isServed({ status }: CustomResourceDefinition): boolean {
  return (
    status?.conditions?.some((condition) => condition.type === 'Established' && condition.status === 'True') === true
  );
}
