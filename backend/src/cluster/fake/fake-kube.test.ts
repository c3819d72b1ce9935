import { FakeClock } from '../../platform/fake/clock.ts';
import { describeKube } from '../compliance.ts';
import { FakeKube } from './fake-kube.ts';

describeKube('FakeKube', () => {
  const api = new FakeKube({ clock: new FakeClock() });
  const compact = (): Promise<void> => Promise.resolve(api.compact());
  return Promise.resolve({ api, compact });
});
