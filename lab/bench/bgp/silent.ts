import type { Logger } from '../../../backend/src/platform/ports.ts';

export const silent: Logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {}, child: () => silent };
