// npm run docs:build: the pages of docs/ as a site of plain files, in build/site, if no link of it is dead.
// `--repository URL` is where links to the repository's other files lead.
import { dirname, join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { buildSite, writeSite } from './docs/site/build.ts';
import { REPOSITORY } from './docs/site/repository.ts';

const root = dirname(import.meta.dirname);
const output = join(root, 'build/site');

const { values } = parseArgs({ options: { repository: { type: 'string', default: REPOSITORY } } });
const site = buildSite(root, values.repository);
for (const finding of site.findings) console.error(`docs:build: ${finding}`);
if (site.findings.length === 0) {
  writeSite(site, output);
  console.log(`docs:build: ${site.files.size} files in ${relative(root, output)}, no dead link`);
}
process.exitCode = site.findings.length === 0 ? 0 : 1;
