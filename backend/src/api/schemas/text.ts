import { z } from 'zod';

/** RFC 3339, UTC. */
export const time = z.string().meta({ format: 'date-time' });

export const ip = z.string().meta({ description: 'IPv4 or IPv6 address in canonical form.', examples: ['192.0.2.10'] });

export const namespaceName = z
  .string()
  .meta({ description: '`namespace/name` of a Service; null: one that you may not see.', examples: ['shop/web'] });

/** What is given in a path: names of Kubernetes objects, or the address of no object at all. */
export const objectName = z
  .string()
  .regex(/^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/, 'not the name of a Kubernetes object')
  .meta({ description: 'Name of a Kubernetes object (RFC 1123).' });
