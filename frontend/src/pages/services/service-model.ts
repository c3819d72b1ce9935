import type { ServiceSummary } from '../../generated/api.ts';
import type { Level } from '../../parts/Status.tsx';
import type { TextKey } from '../../texts/texts.ts';

/** How a Service is, in one word, with the reason where that is news. */
export interface ServiceState {
  readonly level: Level;
  readonly title: TextKey;
  readonly detail: string | undefined;
}

/** Ordered checks: the first that holds is what is said. */
export function serviceState({ served, notServedBecause, ips, allocated, announced }: ServiceSummary): ServiceState {
  if (!served) return { level: 'off', title: 'SERVICE_NOT_SERVED', detail: notServedBecause?.text };
  if (ips.length === 0) {
    const level = allocated?.status === 'False' ? 'bad' : 'unknown';
    return { level, title: 'SERVICE_WAITING', detail: allocated?.message };
  }
  if (announced?.status === 'False') return { level: 'bad', title: 'SERVICE_NOT_ANNOUNCED', detail: announced.message };
  if (announced?.status !== 'True') return { level: 'unknown', title: 'STATE_UNKNOWN', detail: announced?.message };
  // It has some of what it asks for.
  if (allocated?.status === 'False') return { level: 'warning', title: 'SERVICE_ANNOUNCED', detail: allocated.message };
  return { level: 'good', title: 'SERVICE_ANNOUNCED', detail: undefined };
}
