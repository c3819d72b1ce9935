// npm run package:cli: the kubectl plugin as one file, build/kubectl-porterlb.
import { dirname, relative } from 'node:path';
import { bundleCli } from './package-cli/bundle.ts';

const root = dirname(import.meta.dirname);
const { path, bytes } = await bundleCli(root);
console.log(
  `${relative(process.cwd(), path)}  ${Math.round(bytes / 1024)} KiB; put it on your PATH and call "kubectl porterlb"`,
);
