import type { Clock } from '../platform/ports.ts';
import type { Handlers } from './app.ts';
import { versionAnswer } from './model/replicas.ts';
import type { ClusterPicture } from './model/picture.ts';
import type { Gather } from './replicas/gather.ts';

export interface HandlersDeps {
  readonly clock: Clock;
  readonly picture: ClusterPicture;
  readonly gather: Gather;
}

/** What answers each route: gathers what is needed, and leaves the answer to a function of that. */
export function handlers({ gather }: HandlersDeps): Handlers {
  return {
    getVersion: async () => versionAnswer(await gather.all()),
  };
}
