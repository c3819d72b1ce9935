/**
 * The pool alone: the package's front door also loads fetch, WebSocket, caches and more, which cost 12 MiB of memory in
 * every replica (measured with Node 24.21: 61 against 74 MiB after the first request).
 */
declare module 'undici/lib/dispatcher/pool.js' {
  export { Pool as default } from 'undici';
}
