import type { Clock } from '../platform/ports.ts';
import type { BgpSpeaker, StopMode } from '../speakers/bgp/speaker.ts';
import type { Ranks } from './ranks.ts';

/** Whether others of ours may announce what this replica does, now or later; `none`: nobody, or another product, so that routes are withdrawn. */
export type Successors = 'any' | 'none';

/**
 * What becomes of our routes. A router that hears them from another replica, too, is to give ours up. One that hears of us only (the only
 * replica, or the only one in its rack) sees the connection close without a word, so that graceful restart (RFC 4724) keeps the routes for our
 * successor. Where none is to come, they are withdrawn.
 */
export function leavingMode(inherited: ReadonlySet<string>, successors: Successors): (peer: string) => StopMode {
  if (successors === 'none') return () => 'withdraw';
  return (peer) => (inherited.has(peer) ? 'handover' : 'retain');
}

/** Routers need a moment to move to another replica's paths once ours have become the worst. */
const MOVE_MS = 1_000;
/** How long many routers with large tables, or one that takes nothing, may keep us from that. */
const WRITE_MS = 5_000;

/**
 * Resolves when our last ranks are in force and what was decided last is written to the routers, as far as they take it, and they have had a
 * moment to move to others.
 */
export async function routersToMove(
  clock: Clock,
  speaker: Pick<BgpSpeaker, 'whenWritten'>,
  ranks: Pick<Ranks, 'whenSettled'>,
): Promise<void> {
  await new Promise<void>((resolve) => {
    let isWritten = false;
    const written = (): void => {
      if (isWritten) return;
      isWritten = true;
      patience.cancel();
      clock.setTimer(MOVE_MS, resolve);
    };
    const patience = clock.setTimer(WRITE_MS, written);
    ranks.whenSettled(() => speaker.whenWritten(written));
  });
}
