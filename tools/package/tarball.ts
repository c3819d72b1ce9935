import { gzipSync } from 'node:zlib';

/** Contents by path, with forward slashes. */
export type Files = ReadonlyMap<string, Buffer>;

const BLOCK = 512;

/**
 * A gzipped tar archive (POSIX ustar) of the files below one folder `top`. The same files give the same bytes, whoever packs them and
 * when: sorted, of nobody, at the epoch.
 * @throws {Error} when a path is longer than an ustar header has room for
 */
export function tarball(top: string, files: Files): Buffer {
  const paths = [...files.keys()].sort();
  const entries = paths.flatMap((path) => {
    const content = files.get(path) ?? Buffer.alloc(0);
    return [header(`${top}/${path}`, content.length), content, padding(content.length)];
  });
  // Two empty blocks end an archive.
  const tar = Buffer.concat([...entries, Buffer.alloc(2 * BLOCK)]);
  const packed = gzipSync(tar, { level: 9 });
  // RFC 1952, 2.3.1: the operating system's number; 255 is unknown.
  packed[9] = 255;
  return packed;
}

function padding(length: number): Buffer {
  return Buffer.alloc((BLOCK - (length % BLOCK)) % BLOCK);
}

function header(path: string, size: number): Buffer {
  if (Buffer.byteLength(path) > 100) throw new Error(`${path}: longer than 100 bytes, which a tar header has room for`);
  const block = Buffer.alloc(BLOCK);
  const octal = (value: number, length: number): string => `${value.toString(8).padStart(length - 1, '0')}\0`;
  block.write(path, 0);
  block.write(octal(0o644, 8), 100);
  block.write(octal(0, 8), 108);
  block.write(octal(0, 8), 116);
  block.write(octal(size, 12), 124);
  block.write(octal(0, 12), 136);
  // The checksum is made over a header in which it is eight spaces.
  block.write('        ', 148);
  block.write('0', 156);
  block.write('ustar\0', 257);
  block.write('00', 263);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return block;
}
