// Starts the post phase. A warning is the worst it says.
import { runPostPhase } from './post-phase.js';
import { printWarning, readSavedDirectory } from './runner/saved-state.js';

await runPostPhase(readSavedDirectory(), printWarning);
