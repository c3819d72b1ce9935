// npm run image: the porter-manager image as a tar file, made without a container engine; `--arch amd64` or `--arch arm64`, default: as this machine.
// `--rootfs <folder>` lays out the file system only; the Dockerfile uses it, so that both ways give the same files.
import { statSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { progressToStderr } from '../lab/toolchain/progress.ts';
import { buildManagerImage, stageManagerImage } from './image/build.ts';
import { machineOf } from './image/machine.ts';

const { values } = parseArgs({ options: { rootfs: { type: 'string' }, arch: { type: 'string' } } });

if (values.rootfs === undefined) {
  const { tar, name } = await buildManagerImage(progressToStderr, machineOf(values.arch));
  console.log(`${name}\n${tar} (${Math.round(statSync(tar).size / 1e6)} MB)`);
} else {
  await stageManagerImage(values.rootfs);
}
