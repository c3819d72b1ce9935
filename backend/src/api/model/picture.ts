import type { ClusterView } from '../../cluster/watch/cluster-view.ts';
import type { Clock } from '../../platform/ports.ts';

/** What is read of the cluster: the view that the manager acts on. */
export type PictureView = Pick<
  ClusterView,
  | 'services'
  | 'namespaces'
  | 'nodes'
  | 'pools'
  | 'peers'
  | 'settings'
  | 'poolsInForce'
  | 'serviceObject'
  | 'poolObject'
  | 'peerObject'
  | 'settingsObject'
  | 'members'
>;

export class ClusterPicture {
  readonly view: PictureView;
  constructor({ view }: { readonly clock: Clock; readonly view: PictureView }) {
    this.view = view;
  }
}
