// What brings a run to say something: the cause, by a few words, and the real code with the input that has it.
import type { InputName } from '../../../src/inputs/inputs.js';
import type { RunnerEvent } from '../../../src/plan/event/event.js';
import { SHA, push } from '../world/events.js';
import type { SmallWorld, Told } from '../world/small-world.js';

/** In a world of its own; what the run has told, or the text alone where no run is needed. */
export type Cause = (world: SmallWorld) => Promise<Told | string> | string;

export type Causes = Readonly<Record<string, Cause>>;

/** A run with these inputs, of a push to main where nothing else is said. */
export function given(inputs: Partial<Record<InputName, string>>, event: RunnerEvent = push('main', SHA)): Cause {
  return (world) => world.run(event, inputs);
}

/** What has been told, one text for each message. */
export function listTexts(told: Told | string): readonly string[] {
  return typeof told === 'string' ? [told] : [told.error?.message ?? '', ...told.log, ...told.summary.split('\n')];
}
