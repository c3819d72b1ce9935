// npm run release:stamp -- 1.2.3: that version in package.json and in everything that states it.
import { dirname } from 'node:path';
import { stamp } from './release/stamp.ts';

const [version, ...others] = process.argv.slice(2);
if (version === undefined || others.length > 0) {
  console.error('usage: npm run release:stamp -- VERSION');
  process.exit(2);
}
try {
  for (const path of stamp(dirname(import.meta.dirname), version)) console.log(path);
  console.log('release:stamp: done; run `npm run generate` for what is made of these');
} catch (error) {
  console.error(`release:stamp: ${(error as Error).message}`);
  process.exitCode = 1;
}
