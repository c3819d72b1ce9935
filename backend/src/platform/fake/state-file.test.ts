import { stateFileCompliance } from '../state-file-compliance.ts';
import { FakeStateFile } from './state-file.ts';

stateFileCompliance('fake', async () => {
  const file = new FakeStateFile();
  return Promise.resolve({
    file,
    again: () => file,
    breakIt: async () => {
      file.failure = new Error('no space left');
      return Promise.resolve();
    },
  });
});
