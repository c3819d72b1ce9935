// Loaded before a file whose tests draw values: they draw the same with each run, so that none fails by chance. Other ones are drawn by hand.
import fc from 'fast-check';

fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: Number(process.env['CHANCE_SEED'] ?? 1) });
