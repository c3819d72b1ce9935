import type { Condition } from '../schemas/condition.ts';

interface Existing {
  readonly type: string;
  readonly status: string;
  readonly reason?: string | undefined;
  readonly message?: string | undefined;
  readonly lastTransitionTime?: string | undefined;
}

function statusOf(text: string): Condition['status'] {
  return text === 'True' || text === 'False' ? text : 'Unknown';
}

function answer({ status, reason = '', message = '', lastTransitionTime }: Existing): Condition {
  return { status: statusOf(status), reason, message, since: lastTransitionTime ?? null };
}

/** A condition of an object, or null while nobody has written it. */
export function conditionOf(conditions: readonly Existing[] | undefined, type: string): Condition | null {
  const found = conditions?.find((condition) => condition.type === type);
  return found === undefined ? null : answer(found);
}

export function conditionsOf(conditions: readonly Existing[] | undefined): ({ type: string } & Condition)[] {
  return (conditions ?? []).map((condition) => ({ type: condition.type, ...answer(condition) }));
}

/** RFC 3339 with whole seconds, as Kubernetes writes it. */
export function timeOf(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}
