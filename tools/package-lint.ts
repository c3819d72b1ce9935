// npm run package:lint: whether the extension's package is one that the marketplace, ks-core and sites without internet can use.
//
//   npm run package:lint [-- DIRECTORY]   that of this repository, or of another copy of it
import { dirname } from 'node:path';
import { ensureHelm, progressToStderr } from '../lab/toolchain/index.ts';
import { findingsOf, RULES, subjectOf } from './package/lint.ts';
import { stageExtension } from './package/stage.ts';

const [, , root = dirname(import.meta.dirname)] = process.argv;
const helm = await ensureHelm(progressToStderr);
const findings = findingsOf(await subjectOf(stageExtension(root), helm));
for (const finding of findings) console.error(`package:lint: ${finding}`);
console.log(`package:lint: ${Object.keys(RULES).length} rules, ${findings.length} findings`);
process.exitCode = findings.length === 0 ? 0 : 1;
