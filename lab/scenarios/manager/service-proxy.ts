/**
 * Stands for kube-proxy on a machine without one: its health port, and nothing else.
 * `node service-proxy.ts '{"/livez": 200, "/healthz": [503, "..."]}'`: status, and body, by path; 404 for all others.
 */
import { createServer } from 'node:http';

const answers = JSON.parse(process.argv[2] ?? '{}') as Record<string, number | [number, string]>;

const server = createServer((request, response) => {
  const [status, body] = [answers[request.url ?? ''] ?? 404].flat() as [number, string?];
  response.writeHead(status, { 'Content-Type': 'application/json' });
  response.end(body ?? 'ok');
});
// As kube-proxy, which keeps connections for as long as the other side does.
server.keepAliveTimeout = 0;
server.listen(10_256, '::');
