import { z } from 'zod';
import { time } from './text.ts';

/** A condition of an object, as its status has it. */
export const condition = z
  .strictObject({
    status: z.enum(['True', 'False', 'Unknown']),
    reason: z.string().meta({ description: 'What is so, for programs.' }),
    message: z.string().meta({ description: 'The same for people, in English, as the object has it.' }),
    text: z.string().meta({
      description: 'The message in the language of the request, as far as its sentences are known.',
    }),
    since: time.nullable(),
  })
  .meta({ description: 'What the status of the object says; null: nothing yet.' });

export type ConditionAnswer = z.output<typeof condition>;

/** What the object itself says. */
export type Condition = Omit<ConditionAnswer, 'text'>;

export const reason = z.string().meta({
  description: 'See docs/reference/reasons.md; a replica of a later version may have other words.',
  examples: ['Announced'],
});

/** A reason with its text in the language of the request. */
export const finding = z
  .strictObject({ reason, text: z.string() })
  .meta({ description: 'What is so, for programs, and for people in the language of the request.' });

export type FindingAnswer = z.output<typeof finding>;
