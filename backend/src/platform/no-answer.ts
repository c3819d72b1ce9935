import type { DialOptions } from './ports.ts';

/** Of an attempt that was given up; with the code that the kernel's own patience ends with. */
export function noAnswer({ host, port, timeoutMs }: DialOptions): Error {
  const error = new Error(`no answer from ${host} port ${port} within ${timeoutMs} ms`);
  return Object.assign(error, { code: 'ETIMEDOUT' });
}
