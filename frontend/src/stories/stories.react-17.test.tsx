import { tellAll } from './tell.ts';

tellAll();
