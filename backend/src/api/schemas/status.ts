import { z } from 'zod';
import { CAUSE_REASONS, ERROR_CODES } from '../errors.ts';

/** `meta/v1` Status: how Kubernetes answers what failed. */
export const status = z
  .strictObject({
    kind: z.literal('Status'),
    apiVersion: z.literal('v1'),
    metadata: z.strictObject({}),
    status: z.literal('Failure'),
    message: z.string().meta({ description: 'What went wrong, in the language of the request.' }),
    reason: z.enum(ERROR_CODES).meta({ description: 'What went wrong, for programs.' }),
    code: z.int().meta({ description: 'The status code of the answer.' }),
    details: z
      .strictObject({
        retryAfterSeconds: z.int().min(0).optional().meta({ description: 'When to try again.' }),
        causes: z
          .array(
            z.strictObject({
              field: z.string(),
              message: z.string().meta({ description: 'Why, in the language of the request.' }),
              reason: z.enum(CAUSE_REASONS).optional().meta({
                description: 'Why, for programs. `FieldValueNotFound`: the object that is named does not exist.',
              }),
            }),
          )
          .optional()
          .meta({ description: 'Which parts of the request are wrong, and why.' }),
      })
      .optional(),
  })
  .meta({ description: 'An error, as the API server of Kubernetes reports one.' });

export type Status = z.output<typeof status>;
