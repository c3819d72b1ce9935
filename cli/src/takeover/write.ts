import type { ApiServer } from '../reach/api-server.ts';
import { refusal } from './read.ts';
import type { Action, PatchType } from './step.ts';

/** Somebody has written the object since it was read. */
export class Stale extends Error {}

type Write = Extract<Action, { readonly do: 'patch' | 'create' | 'delete' }>;
export type Patch = Extract<Action, { readonly do: 'patch' }>;

const TYPES: Readonly<Record<PatchType, string>> = {
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  json: 'application/json-patch+json',
};
const METHODS = { patch: 'PATCH', create: 'POST', delete: 'DELETE' } as const;

/** @throws {Failure} if it is refused; {Stale} if it has to be planned anew */
export async function write(action: Write, api: ApiServer): Promise<void> {
  const { status, body } = await api.call(METHODS[action.do], action.path, sentBy(action));
  judge(action, status, body);
}

/** Whether it would be refused, by all that stands before the API server's storage. @throws {Failure} */
export async function tryOut(patch: Patch, api: ApiServer): Promise<void> {
  const { status, body } = await api.call('PATCH', `${patch.path}?dryRun=All`, sentBy(patch));
  // Of such a webhook nobody can know before.
  const { message } = (body ?? {}) as { readonly message?: string };
  if (status === 400 && /does not support dry run/.test(message ?? '')) return;
  try {
    judge(patch, status, body);
  } catch (error) {
    if (!(error instanceof Stale)) throw error;
  }
}

function sentBy(action: Write): { readonly type: string; readonly body: unknown } | undefined {
  if (action.do === 'delete') return undefined;
  return { type: action.do === 'patch' ? TYPES[action.type] : 'application/json', body: action.body };
}

function isDoneAnyway(action: Write, status: number): boolean {
  if (action.do === 'create') return status === 409 && action.isThereAlready === 'fine';
  return status === 404;
}

/** A test in a patch that fails names no field; an object that can't be so does. */
function isStale(action: Write, status: number, body: unknown): boolean {
  if (status !== 422 || action.do !== 'patch' || action.type !== 'json') return status === 409;
  const { details } = (body ?? {}) as { readonly details?: { readonly causes?: readonly unknown[] } };
  return (details?.causes ?? []).length === 0;
}

/** What is gone needs nothing any more; 409 and 422 are how a test in a patch fails, and a name that exists by now. */
function judge(action: Write, status: number, body: unknown): void {
  if (status < 300 || isDoneAnyway(action, status)) return;
  if (isStale(action, status, body)) throw new Stale();
  throw refusal(status, body, `${action.path} can't be written`);
}
